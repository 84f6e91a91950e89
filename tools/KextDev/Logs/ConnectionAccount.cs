using System.Globalization;
using KextDev.Events;

namespace KextDev.Logs;

/// <summary>
/// What the kernel says that it sent by each connection of a log channel, beside what came of it: each message is there, or its count is.
/// And what was lost is counted once, also where a second connection is told of it again.
/// </summary>
public sealed class ConnectionAccount
{
    private long _found;
    private bool _connected;
    private long? _loaded;
    private long _lost;

    /// <summary>What the line adds to the counts of a run, with what turns out to be missing at a connection's end.</summary>
    public LogCounts Add(ChannelLine line)
    {
        if (line.Connected)
        {
            // The extension is another one, or the same as before.
            _lost = line.Loaded is not null && line.Loaded == _loaded ? _lost : 0;
            (_connected, _found, _loaded) = (true, 0, line.Loaded);
        }

        _found += line.Counts.Messages + line.Counts.Dropped + line.Counts.Unwritten;
        var counts = line.Counts with { Lost = NewlyLost(line) };
        if (!line.Disconnected)
        {
            return counts;
        }

        var known = _connected && line.Sent is not null;
        var wanted = line.Sent - line.Unwanted ?? 0;
        _connected = false;
        return known ? counts with { Sent = wanted, Missing = Math.Abs(wanted - _found) } : counts;
    }

    /// <summary>What is stored where messages are missing.</summary>
    /// <param name="end">The connection's last line.</param>
    /// <param name="counts">That it added.</param>
    public static ChannelLine Missing(ChannelLine end, LogCounts counts) =>
        ChannelLine.ParseStored(string.Create(CultureInfo.InvariantCulture, $$"""{"missing":{{counts.Missing}},"sent":{{counts.Sent}},"uptime":{{(end.Uptime ?? 0) / 1e9:F9}}}"""));

    private long NewlyLost(ChannelLine line)
    {
        if (line.Counts.Lost == 0 || line.Total is not { } total)
        {
            return line.Counts.Lost;
        }

        var newly = Math.Max(0, total - _lost);
        _lost = Math.Max(_lost, total);
        return Math.Min(newly, line.Counts.Lost);
    }
}
