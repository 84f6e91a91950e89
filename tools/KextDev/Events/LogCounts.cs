namespace KextDev.Events;

/// <summary>What came of the messages of one guest's log channel in a run.</summary>
/// <param name="Messages">Those that arrived.</param>
/// <param name="Dropped">Those that the kernel had no room for.</param>
/// <param name="Lost">Those that nobody read and the system log did not take either.</param>
/// <param name="Unwritten">Those that the daemon in the guest could not pass on.</param>
/// <param name="Damaged">Bytes that made no sense to it.</param>
/// <param name="Left">Those that arrived and are not kept: there were too many, or the disk was full.</param>
public sealed record LogCounts(long Messages, long Dropped, long Lost, long Unwritten, long Damaged, long Left)
{
    public static LogCounts None { get; } = new(0, 0, 0, 0, 0, 0);

    /// <summary>Those that the kernel says that it sent, and that were wanted: of connections whose end it could tell.</summary>
    public long Sent { get; init; }

    /// <summary>Of those, the ones that neither arrived nor are counted.</summary>
    public long Missing { get; init; }

    public static LogCounts operator +(LogCounts one, LogCounts other) => new(
        one.Messages + other.Messages, one.Dropped + other.Dropped, one.Lost + other.Lost, one.Unwritten + other.Unwritten, one.Damaged + other.Damaged, one.Left + other.Left)
    {
        Sent = one.Sent + other.Sent,
        Missing = one.Missing + other.Missing,
    };
}
