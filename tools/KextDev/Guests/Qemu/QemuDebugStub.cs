using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace KextDev.Guests.Qemu;

/// <summary>QEMU's gdb stub, opened in a machine that runs: a socket beside the machine's own, for this user alone.</summary>
internal sealed class QemuDebugStub : DebugStub
{
    private readonly QemuMachine _machine;

    private QemuDebugStub(QemuMachine machine, string socket)
        : base(new UnixDomainSocketEndPoint(socket)) => _machine = machine;

    public static async Task<QemuDebugStub> OpenAsync(QemuMachine machine, bool atBoot, CancellationToken cancellationToken)
    {
        var socket = Path.Combine(Path.GetDirectoryName(machine.State.QmpSocket)!, QmpSocket.DebugStubName);

        // Halted first: the stub confuses a debugger that comes while processors run. A session that was killed left its stub open.
        await machine.Qmp.ExecuteAsync("stop", arguments: null, cancellationToken);
        await machine.MonitorAsync("gdbserver none", cancellationToken);
        if (atBoot)
        {
            await ResetAsync(machine, cancellationToken);
        }

        var answer = await machine.MonitorAsync($"gdbserver unix:{socket.Replace(",", ",,", StringComparison.Ordinal)},server=on,wait=off", cancellationToken);
        if (!File.Exists(socket))
        {
            await machine.Qmp.ExecuteAsync("cont", arguments: null, CancellationToken.None);
            throw new QmpException($"QEMU opened no gdb stub for the guest {machine.Folder.Name}: {answer.Trim()}");
        }

        return new QemuDebugStub(machine, socket);
    }

    // A machine that is reset ends otherwise: so it was started. Its firmware resets it once more by itself when it finds that it has run before.
    private static async Task ResetAsync(QemuMachine machine, CancellationToken cancellationToken)
    {
        var events = machine.Qmp.Subscribe();
        await machine.Qmp.ExecuteAsync("set-action", new JsonObject { ["reboot"] = "reset" }, cancellationToken);
        await machine.Qmp.ExecuteAsync("system_reset", arguments: null, cancellationToken);
        await foreach (var happened in events.ReadAllAsync(cancellationToken))
        {
            if (happened.Name == "RESET")
            {
                break;
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await _machine.MonitorAsync("gdbserver none", CancellationToken.None);
            await _machine.Qmp.ExecuteAsync("set-action", new JsonObject { ["reboot"] = "shutdown" }, CancellationToken.None);
            if (await _machine.QueryStatusAsync(CancellationToken.None) is "paused" or "debug" or "prelaunch")
            {
                await _machine.Qmp.ExecuteAsync("cont", arguments: null, CancellationToken.None);
            }
        }
        catch (QmpException)
        {
            // The machine is gone: there is nothing left to let run.
        }

        File.Delete(EndPoint.ToString()!);
    }
}
