using System.Buffers;
using System.Globalization;
using System.Text;

namespace KextDev.Bundles;

/// <summary>
/// Writes XML property lists as Apple's tools print them: UTF-8, tabs, keys in ordinal order, base64 in lines that end by column 76.
/// Equal values give equal bytes.
/// </summary>
public static class PlistWriter
{
    private const string Header =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        + "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
        + "<plist version=\"1.0\">\n";

    /// <exception cref="ArgumentException">The list holds what XML cannot: a control character, a half surrogate pair, a UID.</exception>
    public static string WriteXml(PlistValue value)
    {
        var text = new StringBuilder(Header);
        Write(text, value, indent: 0);
        return text.Append("</plist>\n").ToString();
    }

    private static void Write(StringBuilder text, PlistValue value, int indent)
    {
        text.Append('\t', indent);
        switch (value)
        {
            case PlistText(var content):
                Element(text, "string", Escaped(content));
                break;
            case PlistInteger(var number):
                Element(text, "integer", number.ToString(CultureInfo.InvariantCulture));
                break;
            case PlistReal(var number):
                Element(text, "real", RealText(number));
                break;
            case PlistFlag(var flag):
                text.Append(flag ? "<true/>\n" : "<false/>\n");
                break;
            case PlistDate(var date):
                Element(text, "date", date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
                break;
            case PlistData(var bytes):
                WriteData(text, bytes.Span, indent);
                break;
            case PlistArray(var items):
                WriteArray(text, items, indent);
                break;
            case PlistDict(var entries):
                WriteDictionary(text, entries, indent);
                break;
            default:
                throw new ArgumentException($"A {value.Kind} cannot be written to an XML property list.", nameof(value));
        }
    }

    private static void WriteArray(StringBuilder text, IReadOnlyList<PlistValue> items, int indent)
    {
        if (items.Count == 0)
        {
            text.Append("<array/>\n");
            return;
        }

        text.Append("<array>\n");
        foreach (var item in items)
        {
            Write(text, item, indent + 1);
        }

        text.Append('\t', indent).Append("</array>\n");
    }

    private static void WriteDictionary(StringBuilder text, IReadOnlyDictionary<string, PlistValue> entries, int indent)
    {
        if (entries.Count == 0)
        {
            text.Append("<dict/>\n");
            return;
        }

        // The top dictionary's keys stand one tab in; <plist> itself indents nothing.
        text.Append("<dict>\n");
        foreach (var (key, value) in entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            text.Append('\t', indent + 1);
            Element(text, "key", Escaped(key));
            Write(text, value, indent + 1);
        }

        text.Append('\t', indent).Append("</dict>\n");
    }

    private static void WriteData(StringBuilder text, ReadOnlySpan<byte> bytes, int indent)
    {
        text.Append("<data>\n");
        var base64 = Convert.ToBase64String(bytes);
        var width = Math.Max(4, (76 - (8 * indent)) / 4 * 4);
        for (var at = 0; at < base64.Length; at += width)
        {
            text.Append('\t', indent).Append(base64, at, Math.Min(width, base64.Length - at)).Append('\n');
        }

        text.Append('\t', indent).Append("</data>\n");
    }

    private static void Element(StringBuilder text, string name, string content) =>
        text.Append('<').Append(name).Append('>').Append(content).Append("</").Append(name).Append(">\n");

    private static string RealText(double number) => number switch
    {
        double.PositiveInfinity => "+infinity",
        double.NegativeInfinity => "-infinity",
        double.NaN => "nan",
        _ => number.ToString("R", CultureInfo.InvariantCulture),
    };

    internal static string Escaped(string content)
    {
        var escaped = new StringBuilder(content.Length);
        var rest = content.AsSpan();
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done || !IsXml(rune.Value))
            {
                throw new ArgumentException(
                    $"The character U+{(int)rest[0]:X4} cannot be written to an XML property list.", nameof(content));
            }

            _ = rune.Value switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                // A bare carriage return would be read back as a line feed.
                '\r' => escaped.Append("&#13;"),
                _ => escaped.Append(rest[..length]),
            };
            rest = rest[length..];
        }

        return escaped.ToString();
    }

    private static bool IsXml(int character) => character >= 0x20 ? character is not (0xFFFE or 0xFFFF) : character is '\t' or '\n' or '\r';
}
