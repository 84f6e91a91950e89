using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>Asks a guest whether it can load an extension under development. A guest that runs is left running, any other is started and ended again.</summary>
public sealed class InspectGuest(GuestSite site, RunJournal journal)
{
    public async Task<IReadOnlyList<LoadCondition>> RunAsync(GuestDefinition definition, CancellationToken cancellationToken)
    {
        await using var guest = GuestFactory.Create(definition, site);
        var endpoint = await journal.StageAsync(Stage.AcquireGuest, () => guest.StartAsync(cancellationToken));
        await using var shell = await journal.StageAsync(Stage.Connect, () => GuestShell.ConnectAsync(endpoint, cancellationToken));
        var platform = await KernelPlatforms.OpenAsync(definition.Platform, shell, cancellationToken);
        var conditions = await platform.InspectAsync(cancellationToken);
        return definition.Platform == GuestPlatform.Linux
            ? [.. conditions, await InspectHeadersAsync(guest, shell, cancellationToken)]
            : conditions;
    }

    // A module is built for one kernel: its headers lie on this host.
    private static async Task<LoadCondition> InspectHeadersAsync(IGuest guest, GuestShell shell, CancellationToken cancellationToken)
    {
        const string Subject = "kernel headers";
        if (guest is not IKernelHeaders headers)
        {
            return new LoadCondition(Subject, "none", LoadEffect.PreventsLoading, $"The driver of guest {guest.Name} offers no kernel's headers. Choose another guest for Linux modules.");
        }

        try
        {
            var tree = await headers.GetKernelTreeAsync(cancellationToken);
            var running = (await shell.RunAsync("uname -r", cancellationToken)).Output.Trim();
            return tree.Release == running
                ? new LoadCondition(Subject, $"for {tree.Release}")
                : new LoadCondition(Subject, $"for {tree.Release}", LoadEffect.PreventsLoading, $"The guest runs {running}. Bring the headers of that kernel to this host, or start the guest with the other.");
        }
        catch (InfrastructureException exception)
        {
            return new LoadCondition(Subject, "not at hand", LoadEffect.PreventsLoading, exception.Message);
        }
    }
}
