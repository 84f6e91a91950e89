using System.Globalization;
using System.Text.Json;

/// <summary>Where the time of one run of KernelTest in one guest went.</summary>
/// <param name="Whole">From build.sh on.</param>
/// <param name="UntilLoaded">From the start of the guest until the extension was loaded for the first time.</param>
internal sealed record RunTimes(TimeSpan Whole, TimeSpan Boot, TimeSpan Stress, TimeSpan UntilLoaded)
{
    public TimeSpan Rest => Whole - Boot - Stress;

    /// <param name="folder">The run's.</param>
    /// <param name="whole">How long it took, as its caller measured it.</param>
    public static RunTimes Read(string folder, TimeSpan whole)
    {
        var stages = File.ReadLines(Path.Combine(folder, "events.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetProperty("event").GetString() is "stageStarted" or "stageEnded")
            .ToLookup(line => (line.GetProperty("event").GetString(), line.GetProperty("stage").GetString()));
        TimeSpan Sum(string stage) => stages[("stageEnded", stage)]
            .Select(line => TimeSpan.Parse(line.GetProperty("duration").GetString()!, CultureInfo.InvariantCulture))
            .Aggregate(TimeSpan.Zero, (sum, time) => sum + time);
        DateTimeOffset First(string what, string stage) => stages[(what, stage)].First().GetProperty("time").GetDateTimeOffset();
        return new RunTimes(whole, Sum("acquireGuest"), Sum("stress"), First("stageEnded", "load") - First("stageStarted", "acquireGuest"));
    }
}
