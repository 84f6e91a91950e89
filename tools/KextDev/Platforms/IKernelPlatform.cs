using KextDev.Shells;

namespace KextDev.Platforms;

/// <summary>
/// What the system of one guest does with a kernel extension, over one shell. What the kernel refuses is an answer, not an exception;
/// exceptions are lost connections, and systems that are not what they are taken for.
/// </summary>
public interface IKernelPlatform
{
    /// <summary>A shell command that loads the extension and exits non-zero when the kernel refuses.</summary>
    string LoadCommand(DeployedExtension extension);

    /// <summary>A shell command that unloads the extension and exits non-zero when the kernel refuses.</summary>
    string UnloadCommand(DeployedExtension extension);

    /// <summary>A shell command that leaves a mark in the kernel's log, so that what follows it can be attributed.</summary>
    string MarkCommand(string mark);

    /// <summary>Gives files that were copied to the guest the owner and the modes that its loader asks for.</summary>
    Task PrepareAsync(DeployedExtension extension, CancellationToken cancellationToken);

    /// <summary>
    /// Loads the extension, and makes sure that it is this one that is loaded; a refusal says why in the kernel's words.
    /// Where one of its name is loaded already, that is the refusal, and nothing was done.
    /// </summary>
    Task<KernelAnswer> LoadAsync(DeployedExtension extension, CancellationToken cancellationToken);

    /// <summary>Unloads the extension; a refusal says who still uses it.</summary>
    Task<KernelAnswer> UnloadAsync(DeployedExtension extension, CancellationToken cancellationToken);

    Task<bool> IsLoadedAsync(DeployedExtension extension, CancellationToken cancellationToken);

    /// <summary>Where the loaded extension lies, and of which build it is; null when it is not loaded.</summary>
    Task<LoadedImage?> LocateAsync(DeployedExtension extension, CancellationToken cancellationToken);

    /// <summary>The clock by which the kernel's log tells when something was said.</summary>
    KernelClock Clock { get; }

    /// <summary>Nanoseconds on that clock, now; null where the system does not tell.</summary>
    Task<long?> ReadClockAsync(CancellationToken cancellationToken);

    /// <summary>A line of an <see cref="Evidence.IsKernelLog"/>.</summary>
    KernelLogLine ReadLogLine(string line);

    /// <summary>How the least of what the extension itself logs is read and set while it is loaded, where it lets itself be told.</summary>
    /// <param name="extension">The name by which the kernel knows it.</param>
    LogLevelCommands LogLevel(string extension);

    /// <summary>The kernel log's lines after the mark; all lines where the mark is null or has scrolled away.</summary>
    Task<IReadOnlyList<string>> ReadLogAsync(string? mark, CancellationToken cancellationToken);

    /// <summary>What the kernel remembers of its troubles; null where it keeps no such record.</summary>
    Task<KernelTroubles?> ReadTroublesAsync(CancellationToken cancellationToken);

    /// <summary>The reports that the system wrote about its kernel or the extension since it was last asked, or since the shell was connected.</summary>
    Task<IReadOnlyList<SystemReport>> ReadNewReportsAsync(DeployedExtension extension, CancellationToken cancellationToken);

    /// <summary>Whether the system writes a report of its kernel's death when it starts again.</summary>
    bool ReportsPanics { get; }

    /// <summary>Those reports that it wrote since it was last asked, or since the shell was connected.</summary>
    /// <param name="anew">A shell of the kernel that runs now: the one of before went with its kernel.</param>
    Task<IReadOnlyList<SystemReport>> ReadPanicsAsync(GuestShell anew, CancellationToken cancellationToken);

    /// <summary>What the kernel holds now, as far as it tells.</summary>
    Task<KernelHoldings> ReadHoldingsAsync(CancellationToken cancellationToken);

    /// <summary>What the running kernel was told at its start.</summary>
    Task<BootArguments> ReadBootArgumentsAsync(CancellationToken cancellationToken);

    /// <summary>What decides whether the system loads an extension under development, as it is now.</summary>
    Task<IReadOnlyList<LoadCondition>> InspectAsync(CancellationToken cancellationToken);

    /// <summary>What the guest alone knows about its kernel, the most important first.</summary>
    IAsyncEnumerable<Evidence> CollectAsync(CancellationToken cancellationToken);
}

/// <summary>An extension's bundle or module that lies in the guest.</summary>
/// <param name="Name">The name by which the kernel knows it.</param>
/// <param name="Variant">Which of its builds this is.</param>
/// <param name="Path">Absolute path in the guest.</param>
public sealed record DeployedExtension(string Name, string Variant, string Path)
{
    /// <summary>The kernel that it was built for, as <c>uname -r</c> prints it there; null for any.</summary>
    public string? KernelRelease { get; init; }

    /// <summary>As the kernel shows it once it is loaded; null where nobody looks.</summary>
    public string? Version { get; init; }

    /// <summary>Of this very build; null where it has none.</summary>
    public Guid? Uuid { get; init; }
}

/// <summary>What the kernel said to a load or an unload.</summary>
/// <param name="Message">Empty when accepted; otherwise what was refused and why.</param>
public sealed record KernelAnswer(bool Accepted, string Message)
{
    public static KernelAnswer Yes { get; } = new(Accepted: true, "");

    /// <summary>Whether a load was refused because one of the extension's name is loaded.</summary>
    public bool IsOccupied { get; private init; }

    /// <summary>The refusal; null when accepted.</summary>
    public string? Refusal => Accepted ? null : Message;

    public static KernelAnswer No(string message) => new(Accepted: false, message);

    public static KernelAnswer Occupied(string name) => No($"{name} was not loaded: one of this name is loaded already. Unload it first: ./build.sh KernelTestUnload --guest NAME.") with { IsOccupied = true };
}

/// <summary>A report in the system's own folder of diagnostic reports.</summary>
/// <param name="Name">The file's.</param>
/// <param name="Text">Its content: a guest's text.</param>
/// <param name="IsPanic">Whether it tells of the kernel's death.</param>
public sealed record SystemReport(string Name, string Text, bool IsPanic);

/// <summary>Something to keep of a guest.</summary>
/// <param name="File">A name for it.</param>
/// <param name="Text">Whatever the guest printed.</param>
public sealed record Evidence(string File, string Text)
{
    /// <summary>Whether this is the kernel's log, with times where the system has any; one at most is.</summary>
    public bool IsKernelLog { get; init; }
}
