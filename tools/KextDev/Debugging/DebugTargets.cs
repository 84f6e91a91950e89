using KextDev.Guests;
using KextDev.Platforms.Darwin;
using KextDev.Platforms.Linux;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Debugging;

/// <summary>The only place that knows which guests' starts can be configured, and how.</summary>
internal static class DebugTargets
{
    /// <summary>Starts or joins the guest.</summary>
    /// <exception cref="InfrastructureException">Its start is not configured from here.</exception>
    public static async Task<IDebugTarget> OpenAsync(GuestDefinition definition, TargetSettings settings, GuestSite site, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (definition.Driver == GuestDriver.Local)
        {
            throw new InfrastructureException("The kernel of this very machine was not configured: KextDev does not restart the machine that it runs on. Choose a guest.");
        }

        if (definition.Platform == GuestPlatform.Darwin)
        {
            return await OpenDarwinAsync(definition, site, clock, cancellationToken);
        }

        if (definition is { Driver: GuestDriver.Vmware, Recipe: not null })
        {
            throw new InfrastructureException(
                $"The kernel of guest {definition.Name} was not configured: its arguments stand on the disk that VmCreate made, which has no settings to change. "
                + "It can be debugged as it is: nokaslr is among them, and its machine's debug stub is set. For other arguments use a guest with the driver qemu, or one with a system of its own.");
        }

        if (definition.Driver != GuestDriver.Qemu)
        {
            return await OpenGrubAsync(definition, settings, site, clock, cancellationToken);
        }

        var target = new QemuTarget(definition, site);
        try
        {
            await target.StartAsync(cancellationToken);
            return target;
        }
        catch
        {
            await target.DisposeAsync();
            throw;
        }
    }

    /// <summary>Leaves a guest up that forgets what was changed in it, and tells so; empty for one that does not.</summary>
    public static string Keep(IGuest guest, GuestDefinition definition)
    {
        if (!definition.ForgetsAtStart)
        {
            return "";
        }

        (guest as IKeepable)?.Keep();
        return definition.Snapshot is { } snapshot
            ? $"The guest {guest.Name} stays up, for each start restores it to '{snapshot}', which knows nothing of this. Take a snapshot anew to make it last."
            : $"The guest {guest.Name} stays up, for it runs in memory: this lasts until ./build.sh VmDown --guest {definition.Name}.";
    }

    private static Task<IDebugTarget> OpenDarwinAsync(GuestDefinition definition, GuestSite site, TimeProvider clock, CancellationToken cancellationToken) =>
        OpenAsync(
            definition,
            site,
            async (guest, endpoint, shell) => new DarwinTarget(guest, definition, endpoint, shell, await SwVers.ReadAsync(shell, cancellationToken), clock),
            cancellationToken);

    private static Task<IDebugTarget> OpenGrubAsync(GuestDefinition definition, TargetSettings settings, GuestSite site, TimeProvider clock, CancellationToken cancellationToken) =>
        OpenAsync(
            definition,
            site,
            async (guest, endpoint, shell) => await GrubArguments.FindAsync(shell, definition.Name, cancellationToken) is { } grub
                ? new GrubTarget(guest, definition, endpoint, shell, grub, site, clock)
                : throw new InfrastructureException(
                    $"The kernel of guest {definition.Name} was not configured: it has neither update-grub nor grub2-mkconfig, so its boot loader is none that KextDev changes. "
                    + $"Add {settings.MergeLinux(Platforms.BootArguments.None)} to its kernel command line by hand, and restart it."),
            cancellationToken);

    private static async Task<IDebugTarget> OpenAsync(
        GuestDefinition definition, GuestSite site, Func<IGuest, GuestEndpoint, GuestShell, Task<IDebugTarget>> open, CancellationToken cancellationToken)
    {
        var guest = GuestFactory.Create(definition, site);
        GuestShell? shell = null;
        try
        {
            var endpoint = await guest.StartAsync(cancellationToken);
            shell = await GuestShell.ConnectAsync(endpoint, cancellationToken);
            return await open(guest, endpoint, shell);
        }
        catch
        {
            await (shell?.DisposeAsync() ?? ValueTask.CompletedTask);
            await guest.DisposeAsync();
            throw;
        }
    }
}
