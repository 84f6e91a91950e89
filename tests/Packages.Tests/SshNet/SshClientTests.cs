using Renci.SshNet;
using Renci.SshNet.Common;
using System.Net.Sockets;
using System.Text;

namespace Packages.Tests.SshNet;

public sealed class SshClientOnOpenSshTests(OpenSshServer server) : SshClientTests(server), IClassFixture<OpenSshServer>
{
    // Dropbear mixes up a program that ends after its session with the program of the next session.
    [Fact]
    public async Task A_cancelled_command_leaves_the_connection_usable()
    {
        using var client = await ConnectAsync();
        using var command = client.CreateCommand("echo started; cat");
        using var cancellation = new CancellationTokenSource();
        var ended = command.ExecuteAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => ended);

        using var next = client.CreateCommand("exit 3");
        await next.ExecuteAsync();

        next.ExitStatus.ShouldBe(3);
    }
}

public sealed class SshClientOnDropbearTests(DropbearServer server) : SshClientTests(server), IClassFixture<DropbearServer>;

/// <summary>What holds for the published package and for its stand-in, on every server.</summary>
public abstract class SshClientTests(SshServer server)
{
    // For what takes a moment, on however busy a host.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Offers_the_host_key_before_it_connects()
    {
        using var client = NewClient();
        HostKeyEventArgs? offered = null;
        client.HostKeyReceived += (_, e) =>
        {
            offered = e;
            e.CanTrust = true;
            client.IsConnected.ShouldBeFalse();
        };

        await client.ConnectAsync(CancellationToken.None);

        client.IsConnected.ShouldBeTrue();
        offered.ShouldNotBeNull();
        $"{offered.HostKeyName} {Convert.ToBase64String(offered.HostKey)}".ShouldBe(server.HostKey);
        $"SHA256:{offered.FingerPrintSHA256}".ShouldBe(server.HostKeyFingerprint);
    }

    [Fact]
    public async Task Refuses_a_host_key_that_the_handler_does_not_trust()
    {
        using var client = NewClient();
        client.HostKeyReceived += (_, e) => e.CanTrust = false;

        var failure = await Should.ThrowAsync<SshConnectionException>(() => client.ConnectAsync(CancellationToken.None));

        failure.Message.ShouldContain("Host key could not be verified");
        client.IsConnected.ShouldBeFalse();
    }

    [Fact]
    public async Task Leaves_no_process_behind_that_waits_for_the_word_about_a_host_key()
    {
        using var client = NewClient();
        using var cancel = new CancellationTokenSource();
        using var gone = new ManualResetEventSlim();
        client.HostKeyReceived += (_, e) =>
        {
            cancel.Cancel();
            gone.Wait(s_limit);
            e.CanTrust = true;
        };

        await Should.ThrowAsync<OperationCanceledException>(() => client.ConnectAsync(cancel.Token));

        using var limit = new CancellationTokenSource(s_limit);
        while (CommandLines().Any(line => line.Contains(server.HostKey.Split(' ')[1], StringComparison.Ordinal)))
        {
            await Task.Delay(20, limit.Token);
        }

        gone.Set();
    }

    [Fact]
    public async Task Refuses_a_private_key_that_the_server_does_not_know()
    {
        using var client = NewClient(key: server.StrangerKeyFile);
        Trust(client);

        await Should.ThrowAsync<SshAuthenticationException>(() => client.ConnectAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Tells_that_nobody_listens()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var client = NewClient(port);
        Trust(client);

        var failure = await Should.ThrowAsync<SocketException>(() => client.ConnectAsync(CancellationToken.None));

        failure.SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);
    }

    [Fact]
    public async Task Gives_up_on_a_server_that_never_says_a_word()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var client = NewClient(((System.Net.IPEndPoint)listener.LocalEndpoint).Port, timeout: TimeSpan.FromMilliseconds(500));
        Trust(client);

        await Should.ThrowAsync<SshOperationTimeoutException>(() => client.ConnectAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Connecting_can_be_cancelled()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var client = NewClient(((System.Net.IPEndPoint)listener.LocalEndpoint).Port);
        Trust(client);
        using var cancellation = new CancellationTokenSource();
        var connecting = client.ConnectAsync(cancellation.Token);
        using var accepted = await listener.AcceptTcpClientAsync();

        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => connecting);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(77)]
    [InlineData(255)]
    public async Task Tells_the_exit_status(int status)
    {
        using var client = await ConnectAsync();
        using var command = client.CreateCommand($"exit {status}");

        await command.ExecuteAsync();

        command.ExitStatus.ShouldBe(status);
    }

    [Fact]
    public async Task Keeps_the_two_outputs_apart()
    {
        using var client = await ConnectAsync();
        using var command = client.CreateCommand("echo out; echo err >&2");

        await command.ExecuteAsync();

        (await ReadAsync(command.OutputStream)).ShouldBe("out\n");
        (await ReadAsync(command.ExtendedOutputStream)).ShouldBe("err\n");
    }

    [Fact]
    public async Task Passes_the_command_to_the_shell_as_it_is()
    {
        using var client = await ConnectAsync();
        using var command = client.CreateCommand("printf '%s|' 'two words' \"it's\" '$HOME' 'ü' 'a\nb' '%h' '-x'");

        await command.ExecuteAsync();

        (await ReadAsync(command.OutputStream)).ShouldBe("two words|it's|$HOME|ü|a\nb|%h|-x|");
    }

    [Fact]
    public async Task Streams_output_while_the_command_runs_and_feeds_its_input()
    {
        using var client = await ConnectAsync();
        using var command = client.CreateCommand("while read -r line; do echo \"got $line\"; done; echo end");
        var ended = command.ExecuteAsync();
        using var reader = new StreamReader(command.OutputStream);
        await using (var input = command.CreateInputStream())
        {
            foreach (var word in new[] { "one", "two" })
            {
                await input.WriteAsync(Encoding.UTF8.GetBytes(word + "\n"));
                await input.FlushAsync();
                // Its answer arrives while its input is still open.
                (await reader.ReadLineAsync()).ShouldBe($"got {word}");
            }

            ended.IsCompleted.ShouldBeFalse();
        }

        (await reader.ReadLineAsync()).ShouldBe("end");
        await ended;
        command.ExitStatus.ShouldBe(0);
    }

    [Fact]
    public async Task Passes_large_outputs_on_both_streams_whole()
    {
        const int Length = 3_000_000;
        using var client = await ConnectAsync();
        using var command = client.CreateCommand($"head -c {Length} /dev/zero | tr '\\0' x; head -c {Length} /dev/zero | tr '\\0' y >&2");

        // Nobody reads until it ended: what it prints is kept.
        await command.ExecuteAsync();

        (await ReadAsync(command.OutputStream)).ShouldBe(new string('x', Length));
        (await ReadAsync(command.ExtendedOutputStream)).ShouldBe(new string('y', Length));
    }

    [Fact]
    public async Task Runs_several_commands_at_once()
    {
        using var client = await ConnectAsync();
        var commands = Enumerable.Range(0, 5).Select(number => client.CreateCommand($"echo {number}; read -r line; echo $line")).ToList();
        var readers = new List<StreamReader>();
        foreach (var command in commands)
        {
            _ = command.ExecuteAsync();
            readers.Add(new StreamReader(command.OutputStream));
        }

        // Each waits for its input, so all five are under way together.
        for (var number = 0; number < commands.Count; number++)
        {
            (await readers[number].ReadLineAsync()).ShouldBe($"{number}");
        }

        for (var number = 0; number < commands.Count; number++)
        {
            await using var input = commands[number].CreateInputStream();
            await input.WriteAsync("go\n"u8.ToArray());
            await input.FlushAsync();
            (await readers[number].ReadToEndAsync()).ShouldBe("go\n");
            commands[number].Dispose();
        }
    }

    [Fact]
    public async Task A_command_can_be_cancelled()
    {
        using var client = await ConnectAsync();
        using var command = client.CreateCommand("echo started; cat");
        using var cancellation = new CancellationTokenSource();
        var ended = command.ExecuteAsync(cancellation.Token);
        using var reader = new StreamReader(command.OutputStream);
        (await reader.ReadLineAsync()).ShouldBe("started");

        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => ended);
        client.IsConnected.ShouldBeTrue();
    }

    [Fact]
    public async Task A_forwarded_port_leads_through_the_connection_until_it_stops()
    {
        using var target = new TcpListener(System.Net.IPAddress.Loopback, 0);
        target.Start();
        using var client = await ConnectAsync();
        using var port = new ForwardedPortLocal("127.0.0.1", 0, "127.0.0.1", (uint)((System.Net.IPEndPoint)target.LocalEndpoint).Port);
        client.AddForwardedPort(port);

        port.Start();

        port.IsStarted.ShouldBeTrue();
        using (var here = new TcpClient("127.0.0.1", (int)port.BoundPort))
        using (var there = await target.AcceptTcpClientAsync())
        {
            await here.GetStream().WriteAsync("there"u8.ToArray());
            var buffer = new byte[5];
            await there.GetStream().ReadExactlyAsync(buffer);
            Encoding.ASCII.GetString(buffer).ShouldBe("there");
        }

        port.Stop();

        port.IsStarted.ShouldBeFalse();
        Should.Throw<SocketException>(() => new TcpClient("127.0.0.1", (int)port.BoundPort).Dispose());
    }

    [Fact]
    public void A_forwarded_port_without_a_client_does_not_start()
    {
        using var port = new ForwardedPortLocal("127.0.0.1", 0, "127.0.0.1", 1);

        Should.Throw<InvalidOperationException>(port.Start);
    }

    [Fact]
    public async Task A_disconnected_client_runs_nothing()
    {
        using var client = await ConnectAsync();
        client.Disconnect();

        client.IsConnected.ShouldBeFalse();
        Should.Throw<SshException>(() =>
        {
            using var command = client.CreateCommand("true");
            command.ExecuteAsync().GetAwaiter().GetResult();
        });
    }

    [Fact]
    public void A_missing_private_key_is_told_at_once() =>
        Should.Throw<FileNotFoundException>(() => new PrivateKeyFile(Path.Combine(Path.GetTempPath(), "no-such-key")));

    [Fact]
    public void A_file_that_is_no_private_key_is_told_at_once() =>
        Should.Throw<SshException>(() => new PrivateKeyFile(server.PrivateKeyFile + ".pub"));

    private protected static async Task<string> ReadAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        return await reader.ReadToEndAsync();
    }

    private static IEnumerable<string> CommandLines() =>
        Directory.EnumerateDirectories("/proc").Select(folder =>
        {
            try
            {
                return File.ReadAllText(Path.Combine(folder, "cmdline"));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // No process, or one that has ended.
                return "";
            }
        });

    private protected static void Trust(BaseClient client) => client.HostKeyReceived += (_, e) => e.CanTrust = true;

    private protected async Task<SshClient> ConnectAsync()
    {
        var client = NewClient();
        Trust(client);
        await client.ConnectAsync(CancellationToken.None);
        return client;
    }

    private SshClient NewClient(int? port = null, string? key = null, TimeSpan? timeout = null) =>
        new(new ConnectionInfo(
            server.Host,
            port ?? server.Port,
            server.User,
            new PrivateKeyAuthenticationMethod(server.User, new PrivateKeyFile(key ?? server.PrivateKeyFile)))
        {
            Timeout = timeout ?? TimeSpan.FromSeconds(30),
        });
}
