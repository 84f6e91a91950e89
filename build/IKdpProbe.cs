using System.Globalization;
using System.Net;
using System.Net.Sockets;
using KextDev;
using KextDev.Debuggers.Kdp;
using KextDev.Guests;
using KextDev.Reports;
using Nuke.Common;
using Serilog;

internal interface IKdpProbe : IKextDevBuild
{
    [Parameter("Where KdpProbe and KdpBridge ask for a macOS kernel in the debugger: ADDRESS or ADDRESS:PORT. Default: the address of --guest, port 41139.")]
    string? KdpAddress => TryGetValue(() => KdpAddress);

    Target KdpProbe => _ => _
        .Description("Tells of a macOS kernel that waits in the debugger which one it is, why it stopped, its panic's text and where it was; it goes on waiting. KDP reaches only a kernel that is stopped.")
        .Executes(() => WorkAsync(async token =>
        {
            var target = await FindKdpTargetAsync(token);
            await using var client = await KdpClient.ConnectAsync(target, new KdpOptions(), takeOver: false, token);
            var found = await KdpInspection.ReadAsync(client, token);
            await client.ReleaseAsync(token);
            Tell(target, found);
        }));

    sealed async Task<IPEndPoint> FindKdpTargetAsync(CancellationToken cancellationToken) =>
        KdpAddress is { } address ? await FindEndPointAsync(address, KdpClient.TargetPort, cancellationToken) : await FindGuestAsync(cancellationToken);

    sealed async Task<IPEndPoint> FindEndPointAsync(string address, int defaultPort, CancellationToken cancellationToken)
    {
        var colon = address.LastIndexOf(':');
        var port = (ushort)defaultPort;
        if (colon >= 0 && !ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port))
        {
            throw new TargetFailedException($"{address} names no port: {address[(colon + 1)..]}. Write ADDRESS or ADDRESS:PORT");
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

    private async Task<IPEndPoint> FindGuestAsync(CancellationToken cancellationToken)
    {
        if (Guest is null)
        {
            throw new TargetFailedException("KDP speaks to one kernel: say which by --guest NAME, or where it is by --kdp-address ADDRESS");
        }

        var definition = FindGuests(LoadProject())[0];
        if (definition.Driver == GuestDriver.Qemu)
        {
            throw new TargetFailedException(
                $"KDP does not reach the guest {definition.Name}: the network that QEMU gives it lets no datagram of its own out. Its kernel's panic is on its console, which VmStatus names");
        }

        if (definition.Host is { } host)
        {
            return await FindEndPointAsync(host, KdpClient.TargetPort, cancellationToken);
        }

        var running = await GuestFactory.ListAsync(Site, cancellationToken);
        return running.FirstOrDefault(guest => guest.Name == definition.Name) is { } found
            ? await FindEndPointAsync(found.Endpoint.Host, KdpClient.TargetPort, cancellationToken)
            : throw new TargetFailedException($"The address of the guest {definition.Name} is not known: it is not up by VmUp. Its console shows the address where it waits: --kdp-address ADDRESS");
    }

    private static void Tell(IPEndPoint target, KdpInspection found)
    {
        Log.Information("A kernel waits in the debugger at {Target}: {Version}", target, PrintableText.Of(found.KernelVersion));
        Log.Information("UUID {Uuid}; its code begins at {Start}", found.Uuid ?? "unknown", found.TextStart is { } start ? $"0x{start:x}" : "the address in its file");
        Log.Information("Why it stopped: {Reason}", PrintableText.Of(found.Reason));
        foreach (var address in found.Backtrace)
        {
            Console.WriteLine($"  0x{address:x16}");
        }

        foreach (var line in found.PanicText?.Split('\n') ?? [])
        {
            Console.WriteLine(PrintableText.Of(line));
        }
    }
}
