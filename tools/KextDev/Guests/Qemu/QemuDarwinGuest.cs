using System.Net;
using System.Net.Sockets;

namespace KextDev.Guests.Qemu;

/// <summary>A Darwin guest in QEMU: its machine has a serial line for the debugger of its kernel.</summary>
public sealed class QemuDarwinGuest(GuestDefinition definition, GuestSite site) : QemuGuest(definition, site), IKdpPort
{
    public EndPoint KdpPort => new UnixDomainSocketEndPoint(QmpSocket.KdpBeside(Machine.State.QmpSocket));

    public Task<bool> TakeAsync(CancellationToken cancellationToken) => TakeKeptAsync(cancellationToken);
}
