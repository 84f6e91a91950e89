using System.Text;
using System.Text.Json;

namespace KextDev.Crashes;

/// <summary>
/// The newer form of a macOS panic report (.ips, and .panic from 10.15 on): a line of JSON that tells of the file, then a JSON object
/// in which the panic's text is one string. Pure text; nothing in it is believed.
/// </summary>
public static class PanicFile
{
    // What the Intel kernel said comes before what the T2 chip beside it said.
    private static readonly string[] s_keys = ["macOSPanicString", "panicString"];

    private const string BugType = "bug_type";
    private const string Stackshot = "288";

    /// <summary>Whether a file that begins so is of this form.</summary>
    public static bool Matches(string firstLine) => firstLine.AsSpan().TrimStart("\uFEFF \t").StartsWith('{');

    /// <summary>The lines of the panic's text.</summary>
    /// <exception cref="FormatException">The text is no such report; the message says where and why.</exception>
    public static IReadOnlyList<string> Read(string text)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            Collect(Encoding.UTF8.GetBytes(text.TrimStart('\uFEFF')), found);
        }
        catch (JsonException exception)
        {
            var why = exception.Message.Split(" LineNumber:")[0];
            throw new FormatException($"line {exception.LineNumber + 1}, column {exception.BytePositionInLine + 1} is no JSON: {why}", exception);
        }

        return s_keys.Select(key => found.GetValueOrDefault(key)).FirstOrDefault(value => value is not null)?.Split('\n')
            ?? throw new FormatException(
                found.GetValueOrDefault(BugType) == Stackshot
                    ? "it is a stackshot that somebody asked for (bug_type 288): nothing crashed"
                    : $"its JSON has neither {string.Join(" nor ", s_keys)}, as a panic report has");
    }

    private static void Collect(ReadOnlySpan<byte> text, Dictionary<string, string> found)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            var key = Text(ref reader);
            reader.Read();
            if (reader.TokenType is JsonTokenType.String && (key is BugType || s_keys.Contains(key)))
            {
                found.TryAdd(key, Text(ref reader));
            }
        }
    }

    // A lone surrogate is no text: such a string is no report.
    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException exception)
        {
            throw new FormatException($"a string in its JSON is no text: {exception.Message}", exception);
        }
    }
}
