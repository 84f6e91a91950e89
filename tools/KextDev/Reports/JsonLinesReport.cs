using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using KextDev.Events;

namespace KextDev.Reports;

/// <summary>
/// events.jsonl: one JSON object a line, in order: "time" (ISO 8601), "event" (the case's name in camel case), then the case's members.
/// Each line is flushed as it comes, so that a killed run leaves what it had.
/// </summary>
public sealed class JsonLinesReport : IRunReport
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly StreamWriter _file;

    public JsonLinesReport(string path) => _file = new StreamWriter(path) { AutoFlush = true };

    public void Receive(RunEvent runEvent)
    {
        var type = runEvent.GetType();
        var line = new JsonObject
        {
            ["time"] = runEvent.Time.ToString("O"),
            ["event"] = JsonNamingPolicy.CamelCase.ConvertName(type.Name),
        };
        foreach (var (name, value) in JsonSerializer.SerializeToNode(runEvent, type, Format)!.AsObject().ToList())
        {
            if (name != "time")
            {
                line[name] = value?.DeepClone();
            }
        }

        _file.WriteLine(line.ToJsonString(Format));
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
