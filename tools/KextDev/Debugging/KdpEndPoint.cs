using System.Globalization;
using System.Net;
using System.Net.Sockets;
using KextDev.Debuggers.Kdp;
using KextDev.Guests;

namespace KextDev.Debugging;

/// <summary>Where a macOS kernel that waits in the debugger is reached over KDP.</summary>
public static class KdpEndPoint
{
    /// <returns>A serial line's socket or an address; null for a guest that is not up and whose definition names no address.</returns>
    /// <exception cref="InfrastructureException">Its host has no address.</exception>
    public static async Task<EndPoint?> FindAsync(GuestDefinition definition, GuestSite site, CancellationToken cancellationToken)
    {
        if (definition.Host is { } host)
        {
            return await ResolveAsync(host, KdpClient.TargetPort, cancellationToken);
        }

        var found = await GuestFactory.LookAsync(definition, site, cancellationToken);
        return found.KdpPort ?? (found.Endpoint is { } endpoint ? await ResolveAsync(endpoint.Host, KdpClient.TargetPort, cancellationToken) : null);
    }

    /// <summary>What stops a kernel again that is in the debugger now, once it runs.</summary>
    /// <returns>Null where nothing can, or where the guest's machine is somebody else's at the moment.</returns>
    public static async Task<Func<CancellationToken, Task>?> FindNmiAsync(IGuest guest, CancellationToken cancellationToken) =>
        guest is INmi nmi and IKdpPort port && await port.TakeAsync(cancellationToken) ? nmi.SendNmiAsync : null;

    /// <param name="address">ADDRESS or ADDRESS:PORT.</param>
    /// <exception cref="InfrastructureException">It is none, or has no IPv4 address.</exception>
    public static async Task<IPEndPoint> ResolveAsync(string address, int defaultPort, CancellationToken cancellationToken)
    {
        var colon = address.LastIndexOf(':');
        var port = (ushort)defaultPort;
        if (colon >= 0 && !ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port))
        {
            throw new InfrastructureException($"{address} names no port: {address[(colon + 1)..]}. Write ADDRESS or ADDRESS:PORT.");
        }

        var host = colon >= 0 ? address[..colon] : address;
        try
        {
            var found = await Dns.GetHostAddressesAsync(host, AddressFamily.InterNetwork, cancellationToken);
            return new IPEndPoint(found[0], port);
        }
        catch (Exception exception) when (exception is SocketException or IndexOutOfRangeException)
        {
            throw new InfrastructureException($"{host} has no IPv4 address: {exception.Message}. Give the address itself.", exception);
        }
    }
}
