using System.Globalization;
using System.Net;
using System.Net.Sockets;
using KextDev.Guests;
using KextDev.Processes;
using KextDev.Shells;
using KextDev.Tests.Processes;
using Packages.Tests.SshNet;

namespace KextDev.Tests.Shells;

public sealed class GuestShellOnOpenSshTests(OpenSshServer server) : GuestShellTests(server), IClassFixture<OpenSshServer>;

public sealed class GuestShellOnDropbearTests(DropbearServer server) : GuestShellTests(server), IClassFixture<DropbearServer>;

/// <summary>A shell to a real SSH server; "the guest" is this machine.</summary>
public abstract class GuestShellTests(SshServer server)
{
    private GuestEndpoint Endpoint => new(server.Host, server.Port, server.User, server.PrivateKeyFile, server.HostKey);

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 42", 42)]
    [InlineData("exit 255", 255)]
    [InlineData("kill -s SEGV $$", 128 + 11)]
    [InlineData("no-such-program", 127)]
    public async Task Tells_the_exit_code(string command, int expected)
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);

        (await shell.RunAsync(command, CancellationToken.None)).ExitCode.ShouldBe(expected);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Gives_both_outputs_as_they_are(bool anticipated)
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        Anticipate(shell, anticipated);

        var result = await shell.RunAsync("printf 'it'\\''s\\n\\033[1m$HOME\\n'; echo err >&2; cat", CancellationToken.None);

        result.Output.ShouldBe("it's\n\u001b[1m$HOME\n");
        result.Error.ShouldBe("err\n");
    }

    [Fact]
    public async Task An_anticipated_command_may_be_of_any_kind()
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);

        shell.AnticipateCommand();
        (await shell.RunAsync("  printf '%s|' ' a\\b' \"$0\" \"$#\"; exit 7 ", CancellationToken.None)).ShouldSatisfyAllConditions(
            result => result.Output.ShouldBe(" a\\b|/bin/sh|0|"),
            result => result.ExitCode.ShouldBe(7));

        shell.AnticipateCommand();
        (await shell.RunAsync("echo one\necho 'two\nthree'", CancellationToken.None)).Output.ShouldBe("one\ntwo\nthree\n");
        (await shell.RunAsync("echo next", CancellationToken.None)).Output.ShouldBe("next\n");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancellation_ends_what_is_run_to_its_end(bool anticipated)
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        Anticipate(shell, anticipated);
        var folder = Directory.CreateTempSubdirectory("run-").FullName;
        try
        {
            using var cancellation = new CancellationTokenSource();
            var process = Path.Combine(folder, "process");
            var run = shell.RunAsync($"mkfifo {process}; echo $$ >{process}; sleep 600", cancellation.Token);
            while (!File.Exists(process))
            {
                await Task.Delay(10);
            }

            var id = int.Parse(await File.ReadAllTextAsync(process), CultureInfo.InvariantCulture);
            await cancellation.CancelAsync();

            await Should.ThrowAsync<OperationCanceledException>(run);
            await ProcessEnd.OfAllAsync([id]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Streams_lines_while_the_command_runs_and_ends_with_the_exit()
    {
        var folder = Directory.CreateTempSubdirectory("stream-").FullName;
        var go = Path.Combine(folder, "go");
        try
        {
            await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
            var events = new List<CommandEvent>();
            await foreach (var line in shell.StreamAsync($"mkfifo {go}; echo one; read -r _ < {go}; echo two >&2; printf three; exit 4", CancellationToken.None))
            {
                events.Add(line);
                if (line == new OutputLine("one"))
                {
                    // Only a line that came while the command waits can make it go on.
                    await File.WriteAllTextAsync(go, "\n");
                }
            }

            events[0].ShouldBe(new OutputLine("one"));
            events[1..3].ShouldBe([new ErrorLine("two"), new OutputLine("three")], ignoreOrder: true);
            events[3..].ShouldBe([new Exited(4)]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("sleep 600 & echo $!; echo $$; wait")]
    [InlineData("trap '' TERM; sleep 600 & echo $!; echo $$; wait; sleep 600")]
    public async Task Cancellation_ends_the_command_and_its_children_in_the_guest(string command)
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var processes = new List<int>();

        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var line in shell.StreamAsync(command, cancellation.Token))
            {
                // The guest's shell may tell on standard error that it was terminated.
                if (line is OutputLine { Text: var id })
                {
                    processes.Add(int.Parse(id, CultureInfo.InvariantCulture));
                }

                if (processes.Count == 2)
                {
                    await cancellation.CancelAsync();
                }
            }
        });
        processes.Count.ShouldBe(2);

        await ProcessEnd.OfAllAsync(processes);
        (await shell.RunAsync("echo still here", CancellationToken.None)).Output.ShouldBe("still here\n");
    }

    [Fact]
    public async Task Leaving_a_stream_early_ends_the_command_in_the_guest()
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        var process = 0;
        await foreach (var line in shell.StreamAsync("echo $$; sleep 600", CancellationToken.None))
        {
            process = int.Parse(((OutputLine)line).Text, CultureInfo.InvariantCulture);
            break;
        }

        await ProcessEnd.OfAllAsync([process]);
    }

    [Fact]
    public async Task Disposing_ends_what_still_runs_in_the_guest()
    {
        var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        await using var events = shell.StreamAsync("echo $$; sleep 600", CancellationToken.None).GetAsyncEnumerator();
        (await events.MoveNextAsync()).ShouldBeTrue();
        var process = int.Parse(((OutputLine)events.Current).Text, CultureInfo.InvariantCulture);

        await shell.DisposeAsync();

        await ProcessEnd.OfAllAsync([process]);
        await Should.ThrowAsync<ConnectionLostException>(async () => await events.MoveNextAsync());
    }

    [Fact]
    public async Task Another_host_key_than_the_pinned_one_is_refused_with_both_fingerprints()
    {
        var failure = await Should.ThrowAsync<InfrastructureException>(
            () => GuestShell.ConnectAsync(Endpoint with { HostKey = server.StrangerKey }, CancellationToken.None));

        failure.Message.ShouldContain(server.HostKeyFingerprint);
        failure.Message.ShouldContain(server.StrangerKeyFingerprint);
        failure.Message.ShouldContain("Nothing was sent to it. If the guest was made anew, pin its new key");
    }

    [Fact]
    public async Task A_refused_user_is_told_with_the_way_out()
    {
        var failure = await Should.ThrowAsync<InfrastructureException>(
            () => GuestShell.ConnectAsync(Endpoint with { PrivateKeyFile = server.StrangerKeyFile }, CancellationToken.None));

        failure.Message.ShouldContain(server.StrangerKeyFile);
        failure.Message.ShouldContain("authorized_keys");
    }

    [Fact]
    public async Task Tries_again_when_a_booting_guest_resets_the_first_connection()
    {
        using var booting = new TcpListener(IPAddress.Loopback, 0);
        booting.Start();
        using var done = new CancellationTokenSource();
        var relaying = RelayAsync(booting, done.Token);
        var endpoint = Endpoint with { Port = ((IPEndPoint)booting.LocalEndpoint).Port };

        await using (var shell = await GuestShell.ConnectAsync(endpoint, CancellationToken.None))
        {
            (await shell.RunAsync("echo hello", CancellationToken.None)).Output.ShouldBe("hello\n");
        }

        await done.CancelAsync();
        (await relaying).ShouldBe(2);
    }

    [Fact]
    public async Task Connecting_can_be_cancelled()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var cancellation = new CancellationTokenSource();
        var connecting = GuestShell.ConnectAsync(Endpoint with { Port = ((IPEndPoint)silent.LocalEndpoint).Port }, cancellation.Token);
        using var accepted = await silent.AcceptTcpClientAsync();

        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => connecting);
    }

    [Fact]
    public async Task A_forwarded_port_leads_to_the_guest()
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        await using var port = await shell.ForwardAsync(server.Port);

        await using var through = await GuestShell.ConnectAsync(Endpoint with { Port = port.LocalPort }, CancellationToken.None);

        (await through.RunAsync("echo hello", CancellationToken.None)).Output.ShouldBe("hello\n");
    }

    [Fact]
    public async Task An_interactive_shell_reaches_the_guest_with_the_pinned_key_alone()
    {
        var right = await InteractiveShell.Command(Endpoint, "echo hello").TryRunAsync(CancellationToken.None);
        var wrong = await InteractiveShell.Command(Endpoint with { HostKey = server.StrangerKey }, "echo hello").TryRunAsync(CancellationToken.None);

        right.Output.ShouldBe("hello\n");
        wrong.ExitCode.ShouldBe(255);
        wrong.Output.ShouldBeEmpty();
    }

    // Resets the first connection, relays the second to the server. Tells how many came.
    private async Task<int> RelayAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        var count = 0;
        try
        {
            using (var first = await listener.AcceptTcpClientAsync(cancellationToken))
            {
                count++;
                first.LingerState = new LingerOption(enable: true, seconds: 0);
            }

            using var second = await listener.AcceptTcpClientAsync(cancellationToken);
            count++;
            using var target = new TcpClient(server.Host, server.Port);
            await Task.WhenAll(
                second.GetStream().CopyToAsync(target.GetStream(), cancellationToken),
                target.GetStream().CopyToAsync(second.GetStream(), cancellationToken));
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The test is over.
        }

        return count;
    }

    private static void Anticipate(GuestShell shell, bool anticipated)
    {
        if (anticipated)
        {
            shell.AnticipateCommand();
        }
    }
}
