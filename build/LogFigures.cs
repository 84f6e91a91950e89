using System.Text.Json;

/// <summary>What the log channel costs, as the tests in one guest measured it.</summary>
/// <param name="Disabled">Nanoseconds of a call below the extension's level.</param>
/// <param name="Enabled">Nanoseconds of a call whose message a client gets.</param>
/// <param name="SystemLog">Nanoseconds of a call of the system log's.</param>
/// <param name="Lines">Of the channel's, stored in a second, from the first call to the last line.</param>
/// <param name="SystemLogLines">The same of the system log, by a reader that does nothing else; null where the guest's system stores a line in the call itself.</param>
/// <param name="LogDaemonLines">The same by klogd and syslogd; null where the guest has none to start.</param>
internal sealed record LogFigures(double Disabled, double Enabled, double SystemLog, double Lines, double? SystemLogLines, double? LogDaemonLines)
{
    /// <param name="folder">The run's.</param>
    /// <exception cref="InvalidDataException">A figure is missing: the test failed.</exception>
    public static LogFigures Read(string folder)
    {
        var file = Path.Combine(folder, "events.jsonl");
        var figures = File.ReadLines(file)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetProperty("event").GetString() == "testEnded")
            .SelectMany(line => line.GetProperty("result").GetProperty("figures").EnumerateArray())
            .ToLookup(figure => figure.GetProperty("name").GetString()!, figure => figure.GetProperty("value").GetDouble());
        double Value(string name) => figures[name].Any()
            ? figures[name].First()
            : throw new InvalidDataException($"No figure {name} stands in {file}: the test that measures it failed. See why in that folder.");
        double? Optional(string name) => figures[name].Any() ? Value(name) : null;
        return new LogFigures(
            Value("disabled-ps") / 1000, Value("enabled-ns"), Value("system-log-ns"), Value("channel-lines/s"), Optional("system-log-lines/s"), Optional("log-daemon-lines/s"));
    }
}
