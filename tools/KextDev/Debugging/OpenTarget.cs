using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Shells;
using KextDev.Testing;

namespace KextDev.Debugging;

/// <summary>The first steps: the extension built with symbols, a guest that is up, and this very build loaded in it.</summary>
public sealed class OpenTarget(KernelDebugOptions options, RunJournal journal)
{
    // Of its own, and always the same: KernelTestLoad's files stay as they are, and a second session replaces the first one's.
    private const string Folder = "/tmp/kextdev-debug";

    /// <param name="guest">Is started where it does not run.</param>
    /// <exception cref="InfrastructureException">The kernel refused the extension, or another build of it is loaded.</exception>
    public async Task<OpenedTarget> RunAsync(IGuest guest, CancellationToken cancellationToken)
    {
        var variant = options.Project.DefaultVariant;
        var built = await journal.StageAsync(
            Stage.Build, () => new BuildExtension(options.State, options.Sdk, journal).RunAsync(options.Project, [variant], options.Guest, guest, cancellationToken));
        var endpoint = await journal.StageAsync(Stage.AcquireGuest, () => guest.StartAsync(cancellationToken));
        (guest as IKeepable)?.Keep();
        await using var shell = await journal.StageAsync(Stage.Connect, () => GuestShell.ConnectAsync(endpoint, cancellationToken));
        var platform = await KernelPlatforms.OpenAsync(options.Guest.Platform, shell, cancellationToken);
        var image = built.Images[variant];
        var loaded = await platform.LocateAsync(image.DeployedIn(Folder), cancellationToken)
            ?? await LoadAsync(shell, platform, built, variant, cancellationToken);
        Verify(image, loaded);
        var kernel = image is BuiltModule
            ? await journal.StageAsync(Stage.Symbols, () => new KernelSymbols(options.State, journal).FindAsync(guest, shell, cancellationToken))
            : null;
        return new OpenedTarget(endpoint, image, loaded, kernel);
    }

    /// <summary>Addresses of one build are of no use for another.</summary>
    internal static void Verify(BuiltImage built, LoadedImage loaded)
    {
        if (built.Identity is { } wanted && loaded.Identity is { } found && wanted != found)
        {
            throw new InfrastructureException(
                $"The session was not begun: the guest has another build of the extension loaded than the one that was built here. Loaded: {found}; built: {wanted}. "
                + "./build.sh KernelTestUnload unloads it, or KernelTestLoad loads the new one.");
        }
    }

    private async Task<LoadedImage> LoadAsync(
        GuestShell shell, IKernelPlatform platform, BuiltExtension built, string variant, CancellationToken cancellationToken)
    {
        var files = await journal.StageAsync(Stage.Deploy, () => DeployPrograms.AnewAsync(shell, platform, Folder, built, cancellationToken));
        var extension = files.Extensions[variant];
        var answer = await journal.StageAsync(Stage.Load, () => platform.LoadAsync(extension, cancellationToken), answer => answer.Refusal);
        return answer.Accepted
            ? await platform.LocateAsync(extension, cancellationToken)
                ?? throw new InfrastructureException($"{extension.Name} was loaded, and a moment later the guest does not show it any more. Look at its kernel log: ./build.sh VmShell.")
            : throw new InfrastructureException(answer.Message);
    }
}

/// <summary>A guest with the extension in its kernel.</summary>
/// <param name="Kernel">The kernel with its symbols; null where none were found.</param>
public sealed record OpenedTarget(GuestEndpoint Endpoint, BuiltImage Image, LoadedImage Loaded, Debuggers.Linux.SlidKernel? Kernel);
