using System.Net;
using System.Net.Sockets;
using KextDev.Guests;

namespace KextDev.Tests.Guests.Ssh;

/// <summary>When the command that stops a machine is run: both commands are ones that leave a file.</summary>
public sealed class SshGuestTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _notes = [];

    private bool Stopped => File.Exists(_folder.Combine("stopped"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_machine_that_was_switched_on_and_does_not_answer_is_switched_off()
    {
        await using (var guest = Guest("touch started", startLimit: 1))
        {
            (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message.ShouldContain("did not answer within 1 s");
        }

        Stopped.ShouldBeTrue();
        ShouldBeFree();
    }

    [Theory]
    [InlineData("touch started")]
    [InlineData("touch started; exec sleep 600")]
    public async Task A_machine_whose_start_is_cancelled_is_switched_off(string start)
    {
        using var cancel = new CancellationTokenSource();
        await using (var guest = Guest(start))
        {
            var starting = guest.StartAsync(cancel.Token);
            while (!File.Exists(_folder.Combine("started")))
            {
                starting.IsCompleted.ShouldBeFalse();
            }

            await cancel.CancelAsync();

            await Should.ThrowAsync<OperationCanceledException>(starting);
        }

        Stopped.ShouldBeTrue();
        ShouldBeFree();
    }

    [Fact]
    public async Task A_failure_to_switch_it_off_hides_nothing_of_why_it_did_not_start()
    {
        await using var guest = Guest("touch started", stop: "touch stopped; echo no such plug >&2; exit 3", startLimit: 1);

        (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message.ShouldContain("did not answer within 1 s");

        Stopped.ShouldBeTrue();
        _notes.ShouldContain(note => note.Contains("may go on running", StringComparison.Ordinal) && note.Contains("no such plug", StringComparison.Ordinal));
        ShouldBeFree();
    }

    [Fact]
    public async Task A_machine_that_its_command_did_not_switch_on_is_left_alone()
    {
        await using (var guest = Guest("exit 3"))
        {
            (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message.ShouldContain("\"startCommand\" of guest away failed");
        }

        Stopped.ShouldBeFalse();
        ShouldBeFree();
    }

    [Fact]
    public async Task A_machine_that_ran_before_is_left_alone()
    {
        using var machine = new TcpListener(IPAddress.Loopback, 0);
        machine.Start();
        var answering = AnswerAsync(machine);
        await using (var guest = Guest("touch started", port: ((IPEndPoint)machine.LocalEndpoint).Port))
        {
            (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message.ShouldContain("private key");
        }

        machine.Stop();
        await answering;
        File.Exists(_folder.Combine("started")).ShouldBeFalse();
        Stopped.ShouldBeFalse();
        ShouldBeFree();
    }

    private static async Task AnswerAsync(TcpListener machine)
    {
        try
        {
            while (true)
            {
                using var caller = await machine.AcceptTcpClientAsync();
                await caller.GetStream().WriteAsync("SSH-2.0-test\r\n"u8.ToArray());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    // Nobody listens at port 2, and the private key does not exist.
    private IGuest Guest(string start, string stop = "touch stopped", int startLimit = 600, int port = 2)
    {
        var definition = _folder.Write(
            "away.json",
            $$"""
            {
              "driver": "ssh", "platform": "linux", "recipe": "debian-cloud", "host": "127.0.0.1", "port": {{port}}, "startLimit": {{startLimit}},
              "key": "none", "hostKey": "ssh-ed25519 AAAA", "startCommand": "{{start}}", "stopCommand": "{{stop}}"
            }
            """);
        return GuestFactory.Create(GuestDefinition.Read(definition), new GuestSite(new StateFolder(_folder.Combine("state")), _notes.Add));
    }

    private void ShouldBeFree() => FolderLock.FindHolder(Path.Combine(new StateFolder(_folder.Combine("state")).Guests, "away")).ShouldBeNull();
}
