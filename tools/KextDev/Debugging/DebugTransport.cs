using KextDev.Guests;

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
    public static ITransport Choose(KernelDebugOptions options, IGuest guest)
    {
        var stub = guest as IDebugStub;
        var driver = options.Guest.Driver.ToString().ToLowerInvariant();
        var obstacle = stub is null ? $"its driver, {driver}, serves no gdb stub"
            : options.Guest.KextHost is not null ? "its machine's gdb stub shows the Linux on which its kernel plays XNU"
            : stub.FindObstacle(options.Break == BreakIn.Boot);
        return obstacle is null
            ? new StubTransport(guest.Name, stub!)
            : throw new InfrastructureException($"No debugger can be opened on the guest {options.Guest.Name}: {obstacle}.");
    }
}
