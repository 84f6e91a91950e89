using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>Unloads the extension from a guest that stays up, however it was loaded.</summary>
public sealed class UnloadByHand(RunJournal journal, TimeProvider clock)
{
    public async Task<KernelAnswer> RunAsync(Project project, GuestPlatform platform, GuestEndpoint endpoint, CancellationToken cancellationToken)
    {
        await using var shell = await journal.StageAsync(Stage.Connect, () => GuestShell.ConnectAsync(endpoint, cancellationToken));
        var extension = new DeployedExtension(project.RequireLinux().Module, project.RequireLinux().DefaultVariant, Path: "", BuiltFor: "");
        var files = new DeployedFiles("", new Dictionary<string, DeployedExtension>(StringComparer.Ordinal) { [extension.Variant] = extension },
            new Dictionary<string, string>(StringComparer.Ordinal));
        var slot = new ExtensionSlot(KernelPlatforms.Of(platform), shell, files);
        return await journal.StageAsync(Stage.Unload, () => new UnloadExtension(clock).RunAsync(slot, cancellationToken), answer => answer.Refusal);
    }
}
