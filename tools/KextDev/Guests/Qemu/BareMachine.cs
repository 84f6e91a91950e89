using System.Net;
using System.Net.Sockets;
using KextDev.Guests.Debian;
using KextDev.Guests.Images;
using KextDev.Processes;

namespace KextDev.Guests.Qemu;

/// <summary>A definition's machine as a person would start it by hand, without anything of KextDev around it: what its boot time is compared with.</summary>
/// <param name="Command">Runs in the foreground until it is cancelled.</param>
public sealed record BareMachine(HostCommand Command, GuestEndpoint Endpoint)
{
    /// <param name="folder">An empty folder for its console and sockets.</param>
    public static async Task<BareMachine> PrepareAsync(GuestDefinition definition, GuestSite site, string folder, CancellationToken cancellationToken)
    {
        if (definition.Driver != GuestDriver.Qemu)
        {
            throw new InfrastructureException(
                $"The boot of guest {definition.Name} cannot be compared with a QEMU that is started by hand: its driver is another. Measure a guest of the driver \"qemu\".");
        }

        var packages = new PackageCache(site.State.Cache, site.Note);
        var keys = await GuestKeys.GetAsync(site.State.Keys, site.Note, cancellationToken);
        var selection = await packages.GetSelectionAsync(refresh: false, cancellationToken);
        var image = await new EmbeddedImage(site.State.Cache, packages, site.Note).GetAsync(selection, keys, definition, cancellationToken);
        var accelerator = definition.Accelerator == Accelerator.Kvm || new KvmProof(site.State.Cache).Recall() is { Failure: null } ? Accelerator.Kvm : Accelerator.Tcg;
        var place = new QemuFolder(folder);
        var line = new QemuCommandLine(
            image, accelerator, definition.Memory, definition.Cpus, FreePort(), place, place.ConsoleFile, Path.Combine(folder, "qmp"))
        {
            InitArguments = definition.InitArguments,
        };
        return new BareMachine(
            new HostCommand(QemuCommandLine.Program, line.Arguments().Where(argument => argument != "-daemonize")),
            new GuestEndpoint(IPAddress.Loopback.ToString(), line.Port, "root", keys.ClientKey, keys.HostPublicKey));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
