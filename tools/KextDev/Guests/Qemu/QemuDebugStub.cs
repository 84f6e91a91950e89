using System.Net.Sockets;

namespace KextDev.Guests.Qemu;

/// <summary>QEMU's gdb stub, opened in a machine that runs: a socket beside the machine's own, for this user alone.</summary>
internal sealed class QemuDebugStub : DebugStub
{
    private readonly QemuMachine _machine;

    private QemuDebugStub(QemuMachine machine, string socket)
        : base(new UnixDomainSocketEndPoint(socket)) => _machine = machine;

    public static async Task<QemuDebugStub> OpenAsync(QemuMachine machine, CancellationToken cancellationToken)
    {
        var socket = Path.Combine(Path.GetDirectoryName(machine.State.QmpSocket)!, QmpSocket.DebugStubName);

        // Halted first: the stub confuses a debugger that comes while processors run. A session that was killed left its stub open.
        await machine.Qmp.ExecuteAsync("stop", arguments: null, cancellationToken);
        await machine.MonitorAsync("gdbserver none", cancellationToken);
        var answer = await machine.MonitorAsync($"gdbserver unix:{socket.Replace(",", ",,", StringComparison.Ordinal)},server=on,wait=off", cancellationToken);
        if (!File.Exists(socket))
        {
            await machine.Qmp.ExecuteAsync("cont", arguments: null, CancellationToken.None);
            throw new QmpException($"QEMU opened no gdb stub for the guest {machine.Folder.Name}: {answer.Trim()}");
        }

        return new QemuDebugStub(machine, socket);
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await _machine.MonitorAsync("gdbserver none", CancellationToken.None);
            if (await _machine.QueryStatusAsync(CancellationToken.None) is "paused" or "debug")
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
