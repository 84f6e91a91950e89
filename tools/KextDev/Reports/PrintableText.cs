using System.Text;
using System.Text.RegularExpressions;

namespace KextDev.Reports;

/// <summary>
/// Text of a guest is hostile: a terminal obeys its escape sequences, XML has no form for most control characters,
/// and a CI server takes commands from what a build prints.
/// </summary>
public static partial class PrintableText
{
    /// <summary>
    /// The line with every control character but the tab as a visible \xNN, and lone surrogates replaced; likewise the first character
    /// of a workflow command of GitHub's, wherever it stands: a terminal breaks long lines as it likes.
    /// </summary>
    public static string Of(string line)
    {
        line = WorkflowCommand().Replace(line, command => $"\\x{(int)command.Value[0]:x2}");
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

    // Besides the control characters: U+2028, what reorders the text that a reader sees, and what has no width to be seen by.
    private static bool NeedsEscape(char c) =>
        (char.IsControl(c) && c != '\t') || char.IsSurrogate(c)
        || c is '\u061C' or '\uFEFF' or '\uFFFE' or '\uFFFF' or (>= '\u200B' and <= '\u200F') or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    // Those that a runner knows: "::error file=F::MESSAGE"; and the older form, of which Azure's has letters before the bracket.
    [GeneratedRegex(
        "#(?=#(vso)?\\[)|:(?=:(error|warning|notice|debug|(end)?group|echo|add-(mask|matcher|path)|remove-matcher|stop-commands|save-state|set-(output|env)|internal-set-repo-path)\\b)",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex WorkflowCommand();
}
