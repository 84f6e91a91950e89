using System.Globalization;
using System.Text.Json;
using KextDev.Testing;

/// <summary>How soon a run told of a panic and of a hang, and went on: of a run of three tests, of which the first panics the kernel and the second hangs it.</summary>
/// <param name="Panic">From the kernel's first word of it to the verdict, its evidence included.</param>
/// <param name="Hang">From the heartbeat's limit to the verdict, its evidence included.</param>
/// <param name="Recoveries">From each of these verdicts to the next test, without the start of the guest itself.</param>
/// <param name="Starts">Of the guests that took the place of the lost ones: restored from a snapshot, or booted.</param>
internal sealed record FaultTimes(TimeSpan Panic, TimeSpan Hang, IReadOnlyList<TimeSpan> Recoveries, IReadOnlyList<TimeSpan> Starts)
{
    private const string FirstWord = "BUG: ";

    /// <param name="folder">The run's.</param>
    public static FaultTimes Read(string folder)
    {
        var events = File.ReadLines(Path.Combine(folder, "events.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var starts = Of(events, "testStarted");
        var ends = Of(events, "testEnded");
        var word = events.First(one => Name(one) == "consolePrinted" && one.GetProperty("line").GetString()!.Contains(FirstWord, StringComparison.Ordinal));
        var booted = Of(events, "stageEnded").Where(one => one.GetProperty("stage").GetString() == "acquireGuest").Select(one => Span(one.GetProperty("duration"))).Skip(1).ToList();
        var hang = Time(ends[1]) - Time(starts[1]) - Span(starts[1].GetProperty("timeLimit")) - Trial.HeartbeatLimit;
        return new FaultTimes(
            Time(ends[0]) - Time(word), hang, [.. ends.Zip(starts.Skip(1), (end, next) => Time(next) - Time(end)).Zip(booted, (whole, boot) => whole - boot)], booted);
    }

    private static List<JsonElement> Of(IEnumerable<JsonElement> events, string name) => [.. events.Where(one => Name(one) == name)];

    private static string? Name(JsonElement one) => one.GetProperty("event").GetString();

    private static DateTimeOffset Time(JsonElement one) => one.GetProperty("time").GetDateTimeOffset();

    private static TimeSpan Span(JsonElement value) => TimeSpan.Parse(value.GetString()!, CultureInfo.InvariantCulture);
}
