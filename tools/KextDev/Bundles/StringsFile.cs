using System.Globalization;
using System.Text;

namespace KextDev.Bundles;

/// <param name="Entries">Null when an error was found.</param>
public sealed record StringsReading(IReadOnlyDictionary<string, string>? Entries, IReadOnlyList<Finding> Findings);

/// <summary>
/// Localized strings ("key" = "value"; with C's comments), in UTF-8 or, by their byte order mark, UTF-16; also as property lists.
/// </summary>
public static class StringsFile
{
    /// <param name="name">Of the file, for the findings (PL1301..).</param>
    public static StringsReading Read(ReadOnlyMemory<byte> bytes, string name)
    {
        if (bytes.Length > PlistReader.LargestFile)
        {
            return Refused("PL1001", $"strings file of {bytes.Length} bytes; {PlistReader.LargestFile} is the most that is read", name);
        }

        if (bytes.Span.StartsWith("bplist"u8) || bytes.Span.TrimStart("\uFEFF \t\r\n"u8).StartsWith("<?xml"u8))
        {
            return FromPlist(PlistReader.Read(bytes, name), name);
        }

        try
        {
            return new StringsReading(new StringsParser(Decode(bytes.Span)).Parse(), []);
        }
        catch (DecoderFallbackException)
        {
            return Refused("PL1302", "neither UTF-8 nor UTF-16 with a byte order mark", name);
        }
        catch (PlistException refusal)
        {
            return Refused(refusal.Code, refusal.Message, $"{name}:{refusal.Place}");
        }
    }

    /// <summary>In ordinal order of the keys, one a line.</summary>
    public static string Write(IReadOnlyDictionary<string, string> entries)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            text.Append('"').Append(Escaped(key)).Append("\" = \"").Append(Escaped(value)).Append("\";\n");
        }

        return text.ToString();
    }

    private static StringsReading FromPlist(PlistReading reading, string name)
    {
        if (reading.Value is null)
        {
            return new StringsReading(null, reading.Findings);
        }

        return reading.Value is PlistDict(var entries) && entries.Values.All(value => value is PlistText)
            ? new StringsReading(
                entries.ToDictionary(entry => entry.Key, entry => ((PlistText)entry.Value).Value, StringComparer.Ordinal), [])
            : Refused("PL1303", "a strings file in a property list's form must be a dictionary of strings", name);
    }

    private static string Decode(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xFE, 0xFF, .. var rest] => new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true).GetString(rest),
        [0xFF, 0xFE, .. var rest] => new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true).GetString(rest),
        [0xEF, 0xBB, 0xBF, .. var rest] => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(rest),
        _ => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes),
    };

    private static string Escaped(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);

    private static StringsReading Refused(string code, string message, string where) =>
        new(null, [new Finding(Severity.Error, code, message, where, "Write each entry as \"key\" = \"value\";")]);
}

/// <summary>The grammar of the text form.</summary>
internal sealed class StringsParser(string text)
{
    private int at;

    public Dictionary<string, string> Parse()
    {
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        while (SkipBlanks())
        {
            var key = ReadWord();
            SkipBlanks();
            // A key alone stands for itself.
            var value = key;
            if (Take('='))
            {
                SkipBlanks();
                value = ReadWord();
                SkipBlanks();
            }

            if (!Take(';'))
            {
                throw Refusal("PL1304", "';' is missing");
            }

            entries[key] = value;
        }

        return entries;
    }

    private static bool IsBare(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$' or '/' or ':' or '.' or '-';

    private bool Take(char wanted)
    {
        if (at >= text.Length || text[at] != wanted)
        {
            return false;
        }

        at++;
        return true;
    }

    /// <summary>Skips blanks and comments; false at the end of the text.</summary>
    private bool SkipBlanks()
    {
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
            }
            else if (string.CompareOrdinal(text, at, "/*", 0, 2) == 0)
            {
                var end = text.IndexOf("*/", at + 2, StringComparison.Ordinal);
                at = end < 0 ? throw Refusal("PL1305", "a comment does not end") : end + 2;
            }
            else if (string.CompareOrdinal(text, at, "//", 0, 2) == 0)
            {
                var end = text.IndexOf('\n', at);
                at = end < 0 ? text.Length : end;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private string ReadWord()
    {
        if (at >= text.Length || text[at] is not ('"' or '\''))
        {
            var start = at;
            while (at < text.Length && IsBare(text[at]))
            {
                at++;
            }

            return at > start ? text[start..at] : throw Refusal("PL1306", "a string is expected");
        }

        var quote = text[at++];
        var word = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            word.Append(text[at] == '\\' ? ReadEscape() : text[at++]);
        }

        return Take(quote) ? word.ToString() : throw Refusal("PL1307", "a string does not end");
    }

    private char ReadEscape()
    {
        at++;
        if (at >= text.Length)
        {
            throw Refusal("PL1307", "a string does not end");
        }

        var kind = text[at++];
        return kind switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'U' or 'u' => ReadHexadecimal(),
            _ => kind,
        };
    }

    private char ReadHexadecimal()
    {
        var digits = text.AsSpan(at, Math.Min(4, text.Length - at));
        if (digits.Length < 4 || !ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            throw Refusal("PL1308", "four hexadecimal digits are expected after \\U");
        }

        at += 4;
        return (char)code;
    }

    private PlistException Refusal(string code, string message) =>
        new(code, (text.AsSpan(0, Math.Min(at, text.Length)).Count('\n') + 1).ToString(CultureInfo.InvariantCulture), message);
}
