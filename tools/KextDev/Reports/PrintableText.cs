using System.Text;

namespace KextDev.Reports;

/// <summary>
/// Text of a guest is hostile: a terminal obeys its escape sequences and XML has no form for most control characters.
/// </summary>
public static class PrintableText
{
    /// <summary>The line with every control character but the tab as a visible \xNN, and lone surrogates replaced.</summary>
    public static string Of(string line)
    {
        if (!line.Any(NeedsEscape))
        {
            return line;
        }

        var text = new StringBuilder(line.Length + 16);
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (char.IsHighSurrogate(c) && i + 1 < line.Length && char.IsLowSurrogate(line[i + 1]))
            {
                text.Append(c).Append(line[++i]);
            }
            else if (char.IsSurrogate(c) || c is '\uFFFE' or '\uFFFF')
            {
                text.Append('\uFFFD');
            }
            else if (NeedsEscape(c))
            {
                text.Append($"\\x{(int)c:x2}");
            }
            else
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }

    /// <summary>The lines, each made printable, joined by line feeds.</summary>
    public static string Of(IEnumerable<string> lines) => string.Join('\n', lines.Select(Of));

    // Besides the control characters: U+2028 and the direction overrides, which reorder what a reader sees.
    private static bool NeedsEscape(char c) =>
        (char.IsControl(c) && c != '\t') || char.IsSurrogate(c) || c is '\uFFFE' or '\uFFFF' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
