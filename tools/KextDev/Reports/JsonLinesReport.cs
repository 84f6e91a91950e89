using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using KextDev.Events;

namespace KextDev.Reports;

/// <summary>
/// events.jsonl: one JSON object a line, in order: "time" (ISO 8601), "event" (the case's name in camel case), then the case's members.
/// Each line is flushed as it comes, so that a killed run leaves what it had. What a guest prints is kept up to a size.
/// </summary>
public sealed class JsonLinesReport : IRunReport
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Characters of what guests print.</summary>
    private const long MostPrinted = 16 * 1024 * 1024;

    private readonly StreamWriter _file;
    private long _printed;

    public JsonLinesReport(string path) => _file = new StreamWriter(path) { AutoFlush = true };

    public void Receive(RunEvent runEvent)
    {
        var before = _printed;
        _printed += runEvent switch { ConsolePrinted console => console.Line.Length, TestPrinted test => test.Line.Length, MessageLogged message => message.Text.Length, _ => 0 };
        if (_printed <= MostPrinted || _printed == before)
        {
            Write(runEvent);
        }
        else if (before <= MostPrinted)
        {
            Write(new NoteGiven($"From here on lines of guests are left out: they printed more than {MostPrinted / 1024 / 1024} MiB.") { Time = runEvent.Time });
        }
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private void Write(RunEvent runEvent)
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
}
