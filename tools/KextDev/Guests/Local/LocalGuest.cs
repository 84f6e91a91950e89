using System.Runtime.InteropServices;
using KextDev.Projects;
using KextDev.Toolchains;

namespace KextDev.Guests.Local;

/// <summary>This very machine. It runs already, is never stopped, and goes down with a faulty extension.</summary>
public sealed class LocalGuest(GuestDefinition definition, GuestSite site) : IGuest, IKeepable, IKernelHeaders
{
    private FolderLock? _held;

    /// <summary>For people, before anything is loaded.</summary>
    public static string Warning =>
        "An extension that is loaded into this very machine takes it down when it crashes, with all unsaved work, and may damage its disks. Loading locally is not recommended: use a guest, "
        + "such as the embedded ones.";

    public string Name => definition.Name;

    public bool Joined => true;

    private string Folder => Path.Combine(site.State.Guests, definition.Name);

    public static GuestCondition Look(GuestDefinition definition, GuestSite site) => new(GuestPower.Running)
    {
        Endpoint = GuestEndpoint.ThisMachine,
        User = FolderLock.FindHolder(Path.Combine(site.State.Guests, definition.Name)),
    };

    /// <summary>Nothing is started; the machine is this run's alone from here on.</summary>
    public Task<GuestEndpoint> StartAsync(CancellationToken cancellationToken) => Task.Run(Hold, cancellationToken);

    /// <summary>This machine stays up anyhow.</summary>
    public void Keep()
    {
    }

    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public ValueTask DisposeAsync()
    {
        _held?.Dispose();
        _held = null;
        return ValueTask.CompletedTask;
    }

    public async Task<KernelTree> GetKernelTreeAsync(CancellationToken cancellationToken)
    {
        if (definition.KernelHeadersFolder is not null)
        {
            return await ForeignKernel.GetTreeAsync(definition, site, cancellationToken);
        }

        var release = (await File.ReadAllTextAsync("/proc/sys/kernel/osrelease", cancellationToken)).Trim();
        var folder = $"/lib/modules/{release}/build";
        return Directory.Exists(folder)
            ? ForeignKernel.Read(folder)
            : throw new InfrastructureException(
                $"A module cannot be built for this machine: the headers of its kernel {release} are not there: {folder} does not exist. Install them (Debian: apt-get install linux-headers-{release}).");
    }

    private GuestEndpoint Hold()
    {
        if ((definition.Platform == GuestPlatform.Darwin) != OperatingSystem.IsMacOS())
        {
            throw new InfrastructureException($"This machine runs {RuntimeInformation.OSDescription}, and its definition {definition.File} says {definition.Platform}. Leave the definition out: --guest local.");
        }

        _held ??= FolderLock.TryTake(Folder)
            ?? throw new InfrastructureException($"This machine is in use by {FolderLock.Holder(Folder)} for loading extensions. Wait for that, then try again.");
        return GuestEndpoint.ThisMachine;
    }
}
