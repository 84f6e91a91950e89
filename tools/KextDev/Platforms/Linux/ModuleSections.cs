using System.Globalization;
using System.Text.RegularExpressions;
using KextDev.Processes;

namespace KextDev.Platforms.Linux;

/// <summary>Where a module's sections lie: /sys/module/NAME, which root alone may read.</summary>
internal static partial class ModuleSections
{
    // Of the note's bytes the last 20 are the build id: its header and its name are before.
    private const int NoteHeaderDigits = 2 * 16;

    /// <summary>A shell command that prints them, and exits with 0 also where there is no such module.</summary>
    public static string Command(string name)
    {
        var folder = ShellWord.Quote($"/sys/module/{name.Replace('-', '_')}");
        return $"cd {folder}/sections && grep -Hs '^0x' .[!.]* *; printf 'build-id'; od -An -v -tx1 {folder}/notes/.note.gnu.build-id || :";
    }

    /// <param name="text">With what the command printed at its end.</param>
    /// <returns>Null when no such module is loaded.</returns>
    public static LoadedModule? Parse(string text)
    {
        var sections = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (Match match in Section().Matches(text))
        {
            sections[match.Groups["name"].Value] = ulong.Parse(match.Groups["address"].ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }

        var note = string.Concat(BuildId().Match(text).Groups["bytes"].Value.Split([' ', '\n']));
        return sections.Count == 0 ? null : new LoadedModule(note.Length > NoteHeaderDigits ? note[NoteHeaderDigits..] : null, sections);
    }

    [GeneratedRegex(@"^(?<name>[A-Za-z_.][\w.]{0,127}):0x(?<address>[0-9a-f]{1,16})$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Section();

    [GeneratedRegex("^build-id(?<bytes>( [0-9a-f]{2}|\n){1,256})", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BuildId();
}
