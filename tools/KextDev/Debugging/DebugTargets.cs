using KextDev.Guests;
using KextDev.Platforms.Darwin;
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

        if (definition.Driver != GuestDriver.Qemu)
        {
            throw new InfrastructureException(
                $"The kernel of guest {definition.Name} was not configured: its own boot loader starts it, which KextDev does not change. Add {settings.MergeLinux(Platforms.BootArguments.None)} "
                + "to its kernel command line by hand (GRUB: GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub or grub2-mkconfig), and restart it.");
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

    private static async Task<IDebugTarget> OpenDarwinAsync(GuestDefinition definition, GuestSite site, TimeProvider clock, CancellationToken cancellationToken)
    {
        var guest = GuestFactory.Create(definition, site);
        GuestShell? shell = null;
        try
        {
            var endpoint = await guest.StartAsync(cancellationToken);
            shell = await GuestShell.ConnectAsync(endpoint, cancellationToken);
            var system = await SwVers.ReadAsync(shell, cancellationToken);
            return new DarwinTarget(guest, definition, endpoint, shell, system, clock);
        }
        catch
        {
            await (shell?.DisposeAsync() ?? ValueTask.CompletedTask);
            await guest.DisposeAsync();
            throw;
        }
    }
}
