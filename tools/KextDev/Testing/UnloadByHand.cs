using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>Unloads the extension from a guest that stays up, however it was loaded.</summary>
public sealed class UnloadByHand(RunJournal journal, TimeProvider clock)
{
    /// <summary>A refusal also where the extension left something behind.</summary>
    public async Task<KernelAnswer> RunAsync(Project project, GuestPlatform system, GuestEndpoint endpoint, CancellationToken cancellationToken)
    {
        await using var shell = await journal.StageAsync(Stage.Connect, () => GuestShell.ConnectAsync(endpoint, cancellationToken));
        var platform = await KernelPlatforms.OpenAsync(system, shell, cancellationToken);
        var extension = new DeployedExtension(project.ExtensionName(system), project.DefaultVariant, Path: "");
        var slot = new ExtensionSlot(platform, new Dictionary<string, DeployedExtension>(StringComparer.Ordinal) { [extension.Variant] = extension });
        var answer = await journal.StageAsync(Stage.Unload, () => new UnloadExtension(clock).RunAsync(slot, cancellationToken), answer => answer.Refusal);
        return answer.Accepted && slot.Leftovers.Count > 0 ? KernelAnswer.No(string.Join('\n', slot.Leftovers)) : answer;
    }
}
