using System.Globalization;
using KextDev.Events;
using KextDev.Platforms;

namespace KextDev.Logs;

/// <summary>A line of an extension's log for people: "[   12.345678] warning 812/815 #1204: no room".</summary>
/// <param name="Time">Of the guest: its uptime, or this host's local time; empty where it is not known.</param>
/// <param name="Level">Null where it is no message: what happened to the log.</param>
/// <param name="Text">A guest's text.</param>
public sealed record ToldMessage(string Time, MessageLevel? Level, string Text)
{
    /// <returns>Null for what people need not know.</returns>
    public static ToldMessage? Of(ChannelLine line, KernelClock clock)
    {
        var time = TimeOf(clock == KernelClock.Uptime ? line.Uptime : line.WallTime, clock);
        if (line.Level is { } level)
        {
            return new ToldMessage(time, level, Numbered(line.Process, line.Thread, line.Sequence, line.Text));
        }

        (long Count, string What)[] gaps =
        [
            (line.Counts.Dropped, "messages dropped: the kernel had no room for them"), (line.Counts.Lost, "messages lost: nobody read them, and the system log did not take them"),
            (line.Counts.Unwritten, "messages not passed on by kextlogd"), (line.Counts.Damaged, "bytes damaged"),
        ];
        var told = string.Join(", ", gaps.Where(gap => gap.Count > 0).Select(gap => string.Create(CultureInfo.InvariantCulture, $"{gap.Count:#,0} {gap.What}")));
        return told.Length > 0 ? new ToldMessage(time, Level: null, $"({told})")
            : line.Counts.Messages > 0 || line.Text.Length > 0 ? new ToldMessage(time, Level: null, line.Text)
            : null;
    }

    public static ToldMessage Of(SystemLogMessage message, long? time, KernelClock clock) =>
        new(TimeOf(time, clock), message.Level, Numbered(message.Process, message.Thread, message.Sequence, message.Text));

    private static string Numbered(long? process, long? thread, long? sequence, string text) =>
        string.Create(CultureInfo.InvariantCulture, $"{process}/{thread} #{sequence}: {text}");

    private static string TimeOf(long? nanoseconds, KernelClock clock)
    {
        const long Micro = 1000;
        const long Second = 1_000_000_000;
        return (nanoseconds, clock) switch
        {
            (null, _) => "",
            ({ } time, KernelClock.Uptime) => string.Create(CultureInfo.InvariantCulture, $"[{time / Second,5}.{time % Second / Micro:D6}]"),
            ({ } time, _) => DateTimeOffset.UnixEpoch.AddTicks(time / TimeSpan.NanosecondsPerTick).ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        };
    }
}
