using KextDev.Platforms;
using KextDev.Platforms.Darwin;

namespace KextDev.Debugging;

/// <summary>How a kernel shall be started so that it can be debugged.</summary>
public sealed record TargetSettings
{
    private const string UsualInterface = "en0";

    /// <summary>No more than that a kext without a signature is loaded; macOS 10.10 asks its boot-args.</summary>
    public static TargetSettings ForLoading { get; } = new() { IsForDebugging = false };

    /// <summary>False leaves out all that only a debugger needs.</summary>
    public bool IsForDebugging { get; init; } = true;

    /// <summary>Bits of debug= to be set, besides those that are; <see cref="DebugBits.Usual"/> when null. macOS alone.</summary>
    public uint? DebugFlags { get; init; }

    /// <summary>The BSD name of the interface over which the kernel is debugged (kdp_match_name); en0 when null. macOS alone.</summary>
    public string? Interface { get; init; }

    /// <summary>Which of the installed kernels starts (kcsuffix); when null the development kernel where there is one. macOS alone.</summary>
    public string? KernelSuffix { get; init; }

    /// <summary>A debug kit on this host whose kernel is installed first; macOS alone.</summary>
    public DebugKit? Kit { get; init; }

    /// <summary>What the kernel is told besides.</summary>
    public BootArguments Others { get; init; } = BootArguments.None;

    /// <summary>Whether something is set that only macOS knows.</summary>
    public bool AreForDarwin => DebugFlags is not null || Interface is not null || KernelSuffix is not null || Kit is not null;

    /// <summary>The boot-args with these settings among them; whatever else is set stays.</summary>
    public BootArguments MergeDarwin(BootArguments set, SwVers system)
    {
        if (DarwinLoadFacts.AsksBootArguments(system))
        {
            set = set.With(DarwinLoadFacts.DevelopmentMode, "1");
        }

        if (!IsForDebugging)
        {
            return WithOthers(set);
        }

        var flags = (set.Get("debug") is { } value ? DebugBits.Read(value) : null) ?? 0;
        var merged = set.With("debug", $"0x{flags | (DebugFlags ?? DebugBits.Usual):x}").With("kdp_match_name", Interface ?? UsualInterface).With("pmuflags", "1").With("keepsyms", "1").With("-v", value: null);
        return WithOthers(KernelSuffix is null ? merged : merged.With("kcsuffix", KernelSuffix));
    }

    /// <summary>
    /// The same for a Linux kernel: addresses as in its symbol file, all messages on the console with their pointers in full, and room for them.
    /// </summary>
    public BootArguments MergeLinux(BootArguments set) =>
        WithOthers(set.With("nokaslr", value: null).With("ignore_loglevel", value: null).With("no_hash_pointers", value: null).With("log_buf_len", "4M"));

    /// <summary>What a Linux kernel is to be told besides what it is told anyhow: that is not said again.</summary>
    /// <param name="running">What the kernel that runs was told.</param>
    /// <param name="added">What it is told besides by KextDev.</param>
    public BootArguments AddLinux(BootArguments running, BootArguments added) =>
        new([.. MergeLinux(added).Words.Except(running.Words.Except(added.Words))]);

    /// <exception cref="InfrastructureException">Something is set that only macOS knows.</exception>
    public TargetSettings RequireLinux(string guest) => AreForDarwin
        ? throw new InfrastructureException($"The guest {guest} runs Linux: debug flags, a KDP interface, a kernel suffix and a debug kit are for macOS. Leave them out.")
        : this;

    private BootArguments WithOthers(BootArguments set) => Others.Words
        .Select(word => word.Split('=', 2))
        .Aggregate(set, (merged, pair) => merged.With(pair[0], pair.Length == 2 ? pair[1].Trim('"') : null));
}
