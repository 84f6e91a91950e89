using System.Net;

namespace KextDev.Guests.Vmware;

/// <summary>VMware's gdb stub: it listens on loopback from the machine's start on, halts the machine when a debugger connects, and lets it run on when that detaches.</summary>
internal sealed class VmwareDebugStub : DebugStub
{
    /// <summary>VMware's own for a 64-bit guest.</summary>
    public const int UsualPort = 8864;

    private VmwareDebugStub(int port)
        : base(new IPEndPoint(IPAddress.Loopback, port))
    {
    }

    /// <returns>Null where the machine's file does not switch it on.</returns>
    public static VmwareDebugStub? Find(VmxFile vmx) => vmx.IsOn("debugStub.listen.guest64") ? new VmwareDebugStub(PortOf(vmx)) : null;

    /// <summary>The port that the machine's file names, or the usual one.</summary>
    public static int PortOf(VmxFile vmx) =>
        int.TryParse(vmx.Get(VmxChange.DebugPort), out var port) && port is > 0 and <= ushort.MaxValue ? port : UsualPort;

    // The debugger's detaching lets the machine run on.
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
