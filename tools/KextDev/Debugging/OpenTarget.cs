using KextDev.Crashes;
using KextDev.Debuggers.Kdp;
using KextDev.Debuggers.Lldb;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Platforms.Darwin;
using KextDev.Projects;
using KextDev.Shells;
using KextDev.Testing;

namespace KextDev.Debugging;

/// <summary>The first steps: the extension built with symbols, a guest that is up, and this very build loaded in it.</summary>
internal sealed class OpenTarget(KernelDebugOptions options, ITransport transport, RunJournal journal)
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
        var kernel = await journal.StageAsync(Stage.Symbols, () => FindKernelAsync(guest, shell, cancellationToken));
        transport.Require(options.Break, await platform.ReadBootArgumentsAsync(cancellationToken), kernel is not null);
        if (options.Break == BreakIn.Boot)
        {
            // Whatever is loaded now is not when the kernel starts.
            return new OpenedTarget(image, Loaded: null, kernel);
        }

        var loaded = await platform.LocateAsync(image.DeployedIn(Folder), cancellationToken)
            ?? await LoadAsync(shell, platform, built, variant, cancellationToken);
        Verify(options.Guest.Name, image, loaded);
        return new OpenedTarget(image, loaded, kernel);
    }

    /// <summary>The same for a guest whose kernel is in the debugger already, and tells all there is to know.</summary>
    /// <exception cref="InfrastructureException">Another build of the extension is loaded.</exception>
    public async Task<OpenedTarget> FindInAsync(IGuest guest, KdpInspection kernel, CancellationToken cancellationToken)
    {
        var variants = options.Project.RequireDarwin().Variants.Keys;
        var built = await journal.StageAsync(
            Stage.Build, () => new BuildExtension(options.State, options.Sdk, journal).RunAsync(options.Project, variants, options.Guest, guest, cancellationToken));
        var symbols = options.Guest.KextHost is null && Guid.TryParse(kernel.Uuid, out var uuid) ? new DarwinKernelFile(options.Kit).Find(uuid, system: null) : null;
        var image = built.Images[options.Project.DefaultVariant];
        if (Panicked(kernel)?.Extensions.FirstOrDefault(extension => extension.Identifier == image.DeployedIn(Folder).Name) is not { } found)
        {
            return new OpenedTarget(image, Loaded: null, symbols);
        }

        var loaded = new LoadedKext(found.Uuid?.ToString().ToUpperInvariant(), found.Start, found.End - found.Start + 1);
        image = built.Images.Values.FirstOrDefault(one => one.Identity == loaded.Identity) ?? image;
        Verify(options.Guest.Name, image, loaded);
        return new OpenedTarget(image, loaded, symbols);
    }

    /// <summary>Addresses of one build are of no use for another.</summary>
    internal static void Verify(string guest, BuiltImage built, LoadedImage loaded)
    {
        if (built.Identity is { } wanted && loaded.Identity is { } found && wanted != found)
        {
            throw new InfrastructureException(
                $"The session was not begun: the guest has another build of the extension loaded than the one that was built here. Loaded: {found}; built: {wanted}. "
                + $"./build.sh KernelTestUnload --guest {guest} unloads it, or KernelTestLoad loads the new one.");
        }
    }

    private static Crash? Panicked(KdpInspection kernel)
    {
        var scanner = new CrashScanner();
        return (kernel.PanicText ?? "").Split('\n').Select(scanner.Feed).FirstOrDefault(crash => crash is not null) ?? scanner.Complete();
    }

    public async Task<SlidImage?> FindKernelAsync(IGuest guest, GuestShell shell, CancellationToken cancellationToken)
    {
        if (options.Guest.Platform == GuestPlatform.Linux)
        {
            return await new KernelSymbols(options.State, journal).FindAsync(guest, shell, cancellationToken);
        }

        if (options.Guest.KextHost is not null)
        {
            // What plays its kernel is a program of ours: Apple makes no kit for it.
            return null;
        }

        var answer = await shell.RunAsync("sysctl -n kern.uuid", cancellationToken);
        return Guid.TryParse(answer.Output.Trim(), out var uuid)
            ? new DarwinKernelFile(options.Kit).Find(uuid, await SwVers.ReadAsync(shell, cancellationToken))
            : throw new InfrastructureException($"The guest {guest.Name} does not tell its kernel's UUID: 'sysctl -n kern.uuid' answered {(answer.Output + answer.Error).Trim()}. Make sure that it runs macOS.");
    }

    private async Task<LoadedImage> LoadAsync(
        GuestShell shell, IKernelPlatform platform, BuiltExtension built, string variant, CancellationToken cancellationToken)
    {
        var files = await journal.StageAsync(Stage.Deploy, () => DeployPrograms.AnewAsync(shell, platform, Folder, built, cancellationToken));
        var extension = files.Extensions[variant];
        var answer = await journal.StageAsync(Stage.Load, () => platform.LoadAsync(extension, cancellationToken), answer => answer.Refusal);
        return answer.Accepted
            ? await platform.LocateAsync(extension, cancellationToken)
                ?? throw new InfrastructureException($"{extension.Name} was loaded, and the guest does not tell where it lies. Look whether it is loaded still, and at the kernel log: ./build.sh VmShell.")
            : throw new InfrastructureException(answer.Message);
    }
}

/// <summary>A guest with the extension in its kernel.</summary>
/// <param name="Loaded">Where it lies; null where it is not loaded yet, or where that is not known.</param>
/// <param name="Kernel">The kernel with its symbols; null where none were found.</param>
internal sealed record OpenedTarget(BuiltImage Image, LoadedImage? Loaded, SlidImage? Kernel);
