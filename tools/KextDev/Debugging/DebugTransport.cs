using KextDev.Debuggers.Lldb;
using KextDev.Guests;
using KextDev.Projects;

namespace KextDev.Debugging;

/// <summary>How lldb reaches the kernel of a guest.</summary>
public enum DebugTransport
{
    /// <summary>lldb's gdb-remote to the hypervisor's stub, which can halt a kernel at any time.</summary>
    Gdb,

    /// <summary>lldb's gdb-remote to a bridge of our own, which speaks KDP to a macOS kernel that waits in the debugger.</summary>
    Bridge,

    /// <summary>lldb's own kdp-remote, which Apple's lldb has, to a macOS kernel that waits in the debugger.</summary>
    Kdp,
}

/// <summary>Chooses the transport by what a guest offers: what can halt a running kernel comes first.</summary>
internal static class DebugTransports
{
    /// <exception cref="InfrastructureException">The guest does not have what was asked for, or has none: said before anything is built or started.</exception>
    public static ITransport Choose(KernelDebugOptions options, IGuest guest, GuestSite site)
    {
        var stub = guest as IDebugStub;
        var stubObstacle = stub is null ? $"its driver, {options.Guest.Driver.ToString().ToLowerInvariant()}, serves no gdb stub"
            : options.Guest.KextHost is not null ? "its machine's gdb stub shows the Linux on which its kernel plays XNU"
            : stub.FindObstacle(options.Break == BreakIn.Boot);
        var kdpObstacle = options.Guest.Platform == GuestPlatform.Darwin ? null : "KDP is what macOS kernels speak, and this guest runs Linux";
        var directObstacle = kdpObstacle
            ?? (!LldbProgram.SpeaksKdp ? "this host's lldb does not speak KDP, which Apple's alone does; --transport bridge lets any lldb in"
                : guest is IKdpPort ? "its kernel speaks KDP through a serial port, and lldb over a network; --transport bridge does both"
                : null);
        var chosen = options.Transport
            ?? (stubObstacle is null || kdpObstacle is not null ? DebugTransport.Gdb : directObstacle is null ? DebugTransport.Kdp : DebugTransport.Bridge);
        var obstacle = chosen switch
        {
            DebugTransport.Gdb => stubObstacle,
            DebugTransport.Bridge => kdpObstacle,
            _ => directObstacle,
        };
        return obstacle is not null
            ? throw new InfrastructureException(
                $"No debugger can be opened on the guest {options.Guest.Name}{(options.Transport is null ? "" : $" by --transport {chosen.ToString().ToLowerInvariant()}")}: {obstacle}.")
            : chosen == DebugTransport.Gdb ? new StubTransport(guest.Name, stub!) : new KdpTransport(options, guest, site, isDirect: chosen == DebugTransport.Kdp);
    }
}
