using KextDev.Debugging;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Platforms.Darwin;
using KextDev.Reports;
using Nuke.Common;
using Serilog;

internal interface IKernelConfigureTarget : IKernelDeps
{
    [Parameter("KernelConfigureTarget sets these bits of debug= besides those that are set, by their names in XNU, separated by commas: DB_NMI,DB_ARP. Default: DB_PRT, DB_NMI, DB_KPRT, DB_ARP, DB_LOG_PI_SCRN.")]
    string? DebugFlags => TryGetValue(() => DebugFlags);

    [Parameter("The guest's network interface over which its macOS is debugged (kdp_match_name). Default: en0.")]
    string? KdpInterface => TryGetValue(() => KdpInterface);

    [Parameter("Which of the macOS kernels in the guest starts (kcsuffix), such as development. Default: development where it is installed.")]
    string? Kcsuffix => TryGetValue(() => Kcsuffix);

    [Parameter("Apple's Kernel Debug Kit on this host, KDK_VERSION_BUILD.kdk: KernelConfigureTarget installs its kernel in the guest, KernelDebug takes the kernel's symbols from it (default: an installed one that fits; none for no symbols).")]
    string? Kdk => TryGetValue(() => Kdk);

    [Parameter("What KernelConfigureTarget tells the guest's kernel besides, separated by spaces: 'serial=3 -x'.")]
    string? BootArgs => TryGetValue(() => BootArgs);

    [Parameter("KernelConfigureTarget restores what the guest's kernel was told before it was configured for the first time.")]
    bool Undo => TryGetValue<bool?>(() => Undo) ?? false;

    Target KernelConfigureTarget => _ => _
        .Description("Configures the kernel of --guest for debugging: adds boot arguments to those that are set, shows the change, asks, restarts the guest, reads them back. --undo restores what was there.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            if (Guest is null)
            {
                throw new TargetFailedException("KernelConfigureTarget changes a guest: say which by --guest NAME");
            }

            var definition = FindGuests(LoadProject())[0];
            await using var journal = ConsoleJournal();
            var configure = new ConfigureTarget(Site, journal, TimeProvider.System);
            var outcome = Undo
                ? await configure.UndoAsync(definition, Confirm, token)
                : await configure.RunAsync(definition, ReadSettings(), Confirm, token);
            Conclude(definition, outcome);
        }));

    private TargetSettings ReadSettings() => new()
    {
        DebugFlags = DebugFlags is null ? null : DebugBits.Parse(DebugFlags),
        Interface = KdpInterface,
        KernelSuffix = Kcsuffix,
        Kit = Kdk is null ? null : DebugKit.Open(Path.GetFullPath(Kdk)),
        Others = BootArguments.Parse(BootArgs ?? ""),
    };

    private bool Confirm(TargetChange change)
    {
        Console.WriteLine($"{change.ArgumentsName} of guest {change.Guest}, before and after:");
        Console.WriteLine($"- {PrintableText.Of(change.Before ?? "(none)")}");
        Console.WriteLine($"+ {PrintableText.Of(change.After ?? "(none)")}");
        if (change.InstalledKernel is { } installed)
        {
            Console.WriteLine($"The kernel /System/Library/Kernels/kernel.{installed} is installed from {Kdk}, and starts from then on.");
        }

        if (change.RemovedKernel is { } removed)
        {
            Console.WriteLine($"The kernel /System/Library/Kernels/kernel.{removed} is removed; one that stood in its place is put back.");
        }

        foreach (var line in (IEnumerable<string>)[.. change.Steps, .. change.Machine])
        {
            Console.WriteLine(PrintableText.Of(line));
        }

        foreach (var warning in change.Warnings)
        {
            Log.Warning("{Warning}", PrintableText.Of(warning));
        }

        if (!Undo)
        {
            Log.Warning("A kernel that is configured for debugging stops when it panics, instead of restarting, and whoever reaches its network can debug it: use a guest for tests, never a machine that matters");
        }

        return Agree($"Change guest {change.Guest} so, and restart it?");
    }

    private static void Conclude(GuestDefinition definition, TargetOutcome outcome)
    {
        switch (outcome)
        {
            case TargetOutcome.Unchanged:
                Log.Information("The guest {Guest} is as it shall be; nothing was changed", definition.Name);
                break;
            case TargetOutcome.Changed:
                Log.Information("The guest {Guest} was restarted, and its kernel was told so", definition.Name);
                break;
            case TargetOutcome.Declined:
                throw new TargetFailedException($"The guest {definition.Name} was not changed. Answer yes, or give --yes");
            default:
                throw new InvalidOperationException($"No such outcome: {outcome}.");
        }
    }
}
