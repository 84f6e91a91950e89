namespace KextDev.Debuggers.Kdp;

/// <summary>What a kernel that panicked sent: a file in the folder that was given, whole or not.</summary>
/// <param name="Path">The core (Mach-O, or gzip of one), or the text of a log.</param>
/// <param name="Problem">What it lacks, in a sentence; null where it is complete.</param>
public sealed record KdpDump(string Path, string? Problem)
{
    public bool IsComplete => Problem is null;
}

public sealed record KdpDumpOptions
{
    /// <summary>Of one file, in bytes: what sends more is refused.</summary>
    public long MaxSize { get; init; } = 64L << 30;

    /// <summary>How long a kernel may say nothing within a transfer: it tries for about as long itself.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(50);
}
