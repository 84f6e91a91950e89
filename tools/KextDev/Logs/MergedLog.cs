using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using KextDev.Platforms;

namespace KextDev.Logs;

/// <summary>
/// logs/merged.jsonl: the log channel's messages and the kernel's log in the order of their times, each line with its source. What the extension left in the kernel's log
/// is taken apart there, and left out where the channel delivered it too.
/// </summary>
/// <param name="extension">The name by which the kernel knows it.</param>
public sealed class MergedLog(string extension, IKernelPlatform platform)
{
    /// <summary>Apart from the same message: the extension counts anew each time that it is loaded.</summary>
    private const long Apart = 2_000_000_000;

    /// <summary>Adds what a guest logged since its latest start.</summary>
    /// <param name="log">Nobody writes to it meanwhile.</param>
    /// <param name="kernelLog">As the system printed it; a guest's text.</param>
    public void Append(GuestLog log, string kernelLog, LogFile merged)
    {
        log.Flush();
        var kernel = Read(kernelLog, log);
        var told = Told(log, kernel);
        var next = 0;
        foreach (var line in ChannelLines(log))
        {
            // Lines without a time go with those before them.
            var moment = MomentOf(line) ?? long.MinValue;
            for (; next < kernel.Count && kernel[next].Time <= moment; next++)
            {
                Write(kernel[next], told, merged, log);
            }

            merged.TryWrite(line.With("channel", test: null));
        }

        for (; next < kernel.Count; next++)
        {
            Write(kernel[next], told, merged, log);
        }

        merged.Flush();
    }

    // In the order of time: of several processors' lines the later may have the earlier time.
    private List<KernelLine> Read(string text, GuestLog log)
    {
        var lines = new List<KernelLine>();
        var time = long.MinValue;
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var read = platform.ReadLogLine(line.TrimEnd('\r'));
            time = Math.Max(time, read.Time ?? time);
            lines.Add(new KernelLine(time, read.Time, read.Text, SystemLogMessage.Parse(read.Text, extension)));
        }

        return lines;
    }

    private HashSet<KernelLine> Told(GuestLog log, List<KernelLine> kernel)
    {
        var left = kernel.Where(line => line.Message is not null).ToLookup(line => line.Message!.Sequence);
        var told = new HashSet<KernelLine>();
        if (left.Count > 0)
        {
            foreach (var line in ChannelLines(log))
            {
                told.UnionWith(line.Sequence is { } sequence ? left[sequence].Where(one => IsSame(one, line)) : []);
            }
        }

        return told;
    }

    private bool IsSame(KernelLine one, ChannelLine line) =>
        one.Message!.Thread == line.Thread
        && (one.Message.Text.StartsWith(line.Text, StringComparison.Ordinal) || line.Text.StartsWith(one.Message.Text, StringComparison.Ordinal))
        && (one.OwnTime is not { } time || MomentOf(line) is not { } moment || Math.Abs(time - moment) <= Apart);

    private void Write(KernelLine line, HashSet<KernelLine> told, LogFile merged, GuestLog log)
    {
        if (told.Contains(line))
        {
            return;
        }

        var members = new JsonObject { ["source"] = "kernel" };
        if (line.OwnTime is { } time)
        {
            var wall = platform.Clock == KernelClock.WallClock ? time : time + log.BootTime;
            var uptime = platform.Clock == KernelClock.Uptime ? time : time - log.BootTime;
            AddTimes(members, wall, uptime);
        }

        if (line.Message is { } message)
        {
            members["sequence"] = message.Sequence;
            members["level"] = JsonNamingPolicy.CamelCase.ConvertName(message.Level.ToString());
            members["pid"] = message.Process;
            members["tid"] = message.Thread;
        }

        members["text"] = line.Message?.Text ?? line.Text;
        if (line.OwnTime is not null && log.Timeline.At(line.OwnTime) is { } test)
        {
            members["test"] = test;
        }

        merged.TryWrite(members.ToJsonString());
    }

    private static void AddTimes(JsonObject members, long? wall, long? uptime)
    {
        const long Second = 1_000_000_000;
        if (wall is >= 0 and var since1970)
        {
            members["time"] = string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeSeconds(since1970 / Second):yyyy-MM-ddTHH:mm:ss}.{since1970 % Second:D9}Z");
        }

        if (uptime is >= 0 and var sinceStart)
        {
            members["uptime"] = (decimal)sinceStart / Second;
        }
    }

    private long? MomentOf(ChannelLine line) => platform.Clock == KernelClock.Uptime ? line.Uptime : line.WallTime;

    private static IEnumerable<ChannelLine> ChannelLines(GuestLog log)
    {
        using var file = new FileStream(log.File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(log.Begin, SeekOrigin.Begin);
        using var reader = new StreamReader(file, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            yield return ChannelLine.ParseStored(line);
        }
    }

    /// <param name="Time">For the order: nanoseconds.</param>
    /// <param name="OwnTime">Null where the line has none.</param>
    private sealed record KernelLine(long Time, long? OwnTime, string Text, SystemLogMessage? Message);
}
