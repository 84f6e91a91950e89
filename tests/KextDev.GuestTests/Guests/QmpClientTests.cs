using KextDev.Guests.Qemu;
using KextDev.Processes;

namespace KextDev.GuestTests.Guests;

/// <summary>The protocol with a real QEMU, which has a machine without anything in it.</summary>
public sealed class QmpClientTests : IAsyncLifetime, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kextdev-test-").FullName;

    private string SocketPath => Path.Combine(_folder, "qmp");

    private string PidFile => Path.Combine(_folder, "pid");

    public async Task InitializeAsync() =>
        await new HostCommand(
            QemuCommandLine.Program, "-M", "none", "-nodefaults", "-display", "none",
            "-qmp", $"unix:{SocketPath},server=on,wait=off", "-daemonize", "-pidfile", PidFile)
            .RunAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        if (QemuProcess.Find(PidFile) is { } process)
        {
            await process.EndAsync(CancellationToken.None);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Asks_and_is_told_events()
    {
        await using var qmp = await QmpClient.ConnectAsync(SocketPath, CancellationToken.None);
        var events = qmp.Subscribe();

        (await qmp.ExecuteAsync("query-status", null, CancellationToken.None)).GetProperty("status").GetString().ShouldBe("running");
        await qmp.ExecuteAsync("stop", null, CancellationToken.None);
        (await qmp.ExecuteAsync("query-status", null, CancellationToken.None)).GetProperty("status").GetString().ShouldBe("paused");

        (await events.ReadAsync()).Name.ShouldBe("STOP");
    }

    [Fact]
    public async Task Passes_a_refusal_on()
    {
        await using var qmp = await QmpClient.ConnectAsync(SocketPath, CancellationToken.None);

        (await Should.ThrowAsync<QmpException>(qmp.ExecuteAsync("dance", null, CancellationToken.None))).Message.ShouldContain("has not been found");
    }

    [Fact]
    public async Task Notices_that_QEMU_was_killed()
    {
        await using var qmp = await QmpClient.ConnectAsync(SocketPath, CancellationToken.None);
        var events = qmp.Subscribe();
        var process = QemuProcess.Find(PidFile).ShouldNotBeNull();

        await process.EndAsync(CancellationToken.None);

        process.IsAlive.ShouldBeFalse();
        (await events.WaitToReadAsync()).ShouldBeFalse();
        await Should.ThrowAsync<QmpException>(qmp.ExecuteAsync("query-status", null, CancellationToken.None));
        QemuProcess.Find(PidFile).ShouldBeNull();
    }

    [Fact]
    public async Task Finds_a_machine_whose_pid_file_is_lost_and_none_whose_pid_file_lies()
    {
        var id = QemuProcess.Find(PidFile).ShouldNotBeNull().Id;
        var other = Path.Combine(_folder, "other");
        await File.WriteAllTextAsync(other, $"{id}\n");
        QemuProcess.Find(other).ShouldBeNull();

        File.Delete(PidFile);

        QemuProcess.Find(PidFile).ShouldNotBeNull().Id.ShouldBe(id);
    }
}
