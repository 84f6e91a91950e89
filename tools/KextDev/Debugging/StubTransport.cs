using System.Globalization;
using System.Net.Sockets;
using KextDev.Debuggers.Gdb;
using KextDev.Debuggers.Kdp;
using KextDev.Debuggers.Lldb;
using KextDev.Guests;
using KextDev.Platforms;

namespace KextDev.Debugging;

/// <summary>The hypervisor's gdb stub, behind a relay that keeps lldb from killing the machine.</summary>
internal sealed class StubTransport(string guest, IDebugStub stub) : ITransport
{
    private DebugStub? _stub;
    private GdbRelay? _relay;

    public string Description => $"gdb-remote, by the hypervisor's stub; it can halt the kernel of {guest} at any time.";

    // A stub serves the processors: it does not know what runs on them.
    public Task<KdpInspection?> FindStoppedAsync(CancellationToken cancellationToken) => Task.FromResult<KdpInspection?>(null);

    public void Require(BreakIn breakIn, BootArguments arguments, bool hasSymbols)
    {
        var missing = breakIn switch
        {
            BreakIn.Now => null,
            _ when !hasSymbols => "it runs to a function of the kernel's own, and these have no names in this session, as said above",
            BreakIn.Boot when arguments.Get("nokaslr") is null =>
                $"the kernel would lie elsewhere after its start. ./build.sh KernelConfigureTarget --guest {guest} has it stay where it is (nokaslr)",
            _ => null,
        };
        if (missing is not null)
        {
            throw new InfrastructureException($"The session was not begun: --break {breakIn.ToString().ToLowerInvariant()} cannot be had on the guest {guest}: {missing}.");
        }
    }

    public async Task<OpenedTransport> OpenAsync(BreakIn breakIn, CancellationToken cancellationToken)
    {
        _stub = await stub.HaltAsync(breakIn == BreakIn.Boot, cancellationToken);
        try
        {
            _relay = await GdbRelay.OpenAsync(_stub.EndPoint, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new InfrastructureException(
                $"The gdb stub of the guest {guest} was not reached at {_stub.EndPoint}: {exception.Message}. A machine opens it when it is started, and serves one debugger at a time: "
                + "end another debugger, or restart the machine.",
                exception);
        }

        return new OpenedTransport(
            string.Create(CultureInfo.InvariantCulture, $"gdb-remote 127.0.0.1:{_relay.Port}"), RunTo(breakIn), TextStart: null);
    }

    // What the kernel's loader writes over at the start takes no breakpoint of the ordinary kind.
    private static RunTo? RunTo(BreakIn breakIn) => breakIn switch
    {
        BreakIn.Panic => new RunTo("panic"),
        BreakIn.Boot => new RunTo("start_kernel", InHardware: true),
        _ => null,
    };

    public async ValueTask DisposeAsync()
    {
        await (_relay?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_stub?.DisposeAsync() ?? ValueTask.CompletedTask);
        _relay = null;
        _stub = null;
    }
}
