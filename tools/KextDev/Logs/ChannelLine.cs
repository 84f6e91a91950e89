using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using KextDev.Events;

namespace KextDev.Logs;

/// <summary>A line that kextlogd printed: a JSON object with a message, or with what happened to the channel. What a guest sends may be anything: all else is kept as text.</summary>
public sealed class ChannelLine
{
    // The daemon's are flat.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    // Those that are added when a line is stored.
    private static readonly string[] OwnMembers = ["source", "test"];

    private ChannelLine(string json) => Json = json;

    /// <summary>An object, without those of its members that have names of ours.</summary>
    public string Json { get; private init; }

    /// <summary>Of the extension's messages since it was loaded, from 1; null where this is no message.</summary>
    public long? Sequence { get; private init; }

    /// <summary>Null where this is no message.</summary>
    public MessageLevel? Level { get; private init; }

    public string Text { get; private init; } = "";

    public long? Process { get; private init; }

    public long? Thread { get; private init; }

    /// <summary>Nanoseconds since the kernel's start.</summary>
    public long? Uptime { get; private init; }

    /// <summary>Nanoseconds since 1970.</summary>
    public long? WallTime { get; private init; }

    /// <summary>Whether the daemon has the channel from now on.</summary>
    public bool Connected { get; private init; }

    /// <summary>When the extension was loaded, where the daemon connects: nanoseconds since the kernel's start.</summary>
    public long? Loaded { get; private init; }

    /// <summary>Whether the daemon has the channel no more.</summary>
    public bool Disconnected { get; private init; }

    /// <summary>What the extension says at a connection's end: its messages since the beginning of that; null where it could not.</summary>
    public long? Sent { get; private init; }

    /// <summary>Those of them that the daemon did not ask for.</summary>
    public long Unwanted { get; private init; }

    /// <summary>Of what was dropped or lost, until then.</summary>
    public long? Total { get; private init; }

    /// <summary>What it tells of messages.</summary>
    public LogCounts Counts { get; private init; } = LogCounts.None;

    /// <summary>As the daemon printed it.</summary>
    public static ChannelLine Parse(string line) => Parse(line, OwnMembers);

    /// <summary>As it was stored.</summary>
    public static ChannelLine ParseStored(string line) => Parse(line, []);

    private static ChannelLine Parse(string line, IReadOnlyList<string> without)
    {
        try
        {
            using var document = JsonDocument.Parse(line, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Read(document.RootElement, line, without) : Unreadable(line);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or EncoderFallbackException or ArgumentException)
        {
            return Unreadable(line);
        }
    }

    /// <summary>The line as it is stored: with what the host knows of it.</summary>
    /// <param name="source">Null for none.</param>
    /// <param name="test">The one that ran; null for none.</param>
    public string With(string? source, string? test)
    {
        var added = new StringBuilder();
        Add(added, "source", source);
        Add(added, "test", test);
        var members = Json.AsSpan(1).TrimStart();
        return added.Length == 0 ? Json : $"{{{added}{(members[0] == '}' ? "" : ",")}{members}";
    }

    private static void Add(StringBuilder members, string name, string? value)
    {
        if (value is not null)
        {
            members.Append(members.Length > 0 ? "," : "").Append('"').Append(name).Append("\":").Append(JsonSerializer.Serialize(value));
        }
    }

    private static ChannelLine Read(JsonElement line, string json, IReadOnlyList<string> without)
    {
        var level = Enum.TryParse<MessageLevel>(TextOf(line, "level"), ignoreCase: true, out var known) && Enum.IsDefined(known) ? known : (MessageLevel?)null;
        var sequence = Number(line, "sequence");
        return new ChannelLine(Kept(line, json, without))
        {
            Sequence = sequence,
            Level = sequence is null ? null : level,
            Text = TextOf(line, "text") ?? "",
            Process = Number(line, "pid"),
            Thread = Number(line, "tid"),
            Uptime = Seconds(line, "uptime"),
            WallTime = line.TryGetProperty("time", out var time) && time.ValueKind == JsonValueKind.String && time.TryGetDateTimeOffset(out var moment)
                ? (moment - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick
                : null,
            Connected = IsTrue(line, "connected"),
            Disconnected = IsTrue(line, "disconnected"),
            Loaded = Seconds(line, "loaded"),
            Sent = Number(line, "sent") is null ? null : Count(line, "sent"),
            Unwanted = Count(line, "unwanted"),
            Total = Number(line, "total") is null ? null : Count(line, "total"),
            Counts = new LogCounts(sequence is null ? 0 : 1, Count(line, "dropped"), Count(line, "lost"), Count(line, "unwritten"), Count(line, "damaged"), Left: 0),
        };
    }

    private static string Kept(JsonElement line, string json, IReadOnlyList<string> without)
    {
        if (!without.Any(name => line.TryGetProperty(name, out _)))
        {
            return json.Trim();
        }

        var members = JsonObject.Create(line)!;
        foreach (var name in without)
        {
            members.Remove(name);
        }

        return members.ToJsonString();
    }

    private static ChannelLine Unreadable(string line) =>
        new(new JsonObject { ["unreadable"] = true, ["text"] = line }.ToJsonString()) { Text = line };

    private static bool IsTrue(JsonElement line, string name) => line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string? TextOf(JsonElement line, string name) =>
        line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement line, string name) =>
        line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    // A hostile number must not make a sum overflow.
    private static long Count(JsonElement line, string name) => Number(line, name) is { } number and >= 0 and < 1L << 40 ? number : 0;

    private static long? Seconds(JsonElement line, string name) =>
        line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var seconds) && seconds is >= 0 and < 9_000_000_000
            ? (long)(seconds * 1_000_000_000)
            : null;
}
