using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>The first half of the pipeline for people who want to look around: the extension is loaded into the guest that stays up, and stays loaded.</summary>
/// <param name="force">Loads also a build that is known to kill the guest's kernel.</param>
/// <param name="sdk">Apple's headers for a kext; null for the host's own, or those that the project names.</param>
public sealed class LoadByHand(GuestSite site, string? sdk, bool force, RunJournal journal)
{
    // Always the same: a second load replaces the first one's files.
    internal const string Folder = "/tmp/kextdev";

    /// <summary>Starts the guest where it does not run, and leaves it up.</summary>
    public async Task<KernelAnswer> RunAsync(Project project, GuestDefinition definition, CancellationToken cancellationToken)
    {
        await using var guest = GuestFactory.Create(definition, site with { Note = sentence => journal.Publish(new NoteGiven(sentence)) });
        var variant = project.DefaultVariant;
        var built = await journal.StageAsync(
            Stage.Build, () => new BuildExtension(site.State, sdk, journal).RunAsync(project, [variant], definition, guest, cancellationToken));
        if (!force)
        {
            new KnownCrashes(site.State, definition.Name).Require(built.Images.Values.Select(image => image.Identity));
        }

        var endpoint = await journal.StageAsync(Stage.AcquireGuest, () => guest.StartAsync(cancellationToken));
        (guest as IKeepable)?.Keep();
        await using var shell = await journal.StageAsync(Stage.Connect, () => GuestShell.ConnectAsync(endpoint, cancellationToken));
        var platform = await KernelPlatforms.OpenAsync(definition.Platform, shell, cancellationToken);
        var files = await journal.StageAsync(Stage.Deploy, () => DeployPrograms.AnewAsync(shell, platform, Folder, built, cancellationToken));
        var slot = new ExtensionSlot(platform, files.Extensions);
        return await journal.StageAsync(Stage.Load, () => LoadAsync(slot, variant, cancellationToken), answer => answer.Refusal);
    }

    // What was loaded before may be an older build: it goes first.
    private static async Task<KernelAnswer> LoadAsync(ExtensionSlot slot, string variant, CancellationToken cancellationToken)
    {
        var unloaded = await slot.UnloadAsync(cancellationToken);
        return unloaded.Accepted ? await slot.LoadAsync(variant, cancellationToken) : unloaded;
    }
}
