using System.Globalization;
using System.Text.RegularExpressions;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Platforms.Linux;

/// <summary>Where a module's sections lie: /sys/module/NAME, which root alone may read.</summary>
internal static partial class ModuleSections
{
    // Of the note's bytes the last 20 are the build id: its header and its name are before.
    private const int NoteHeaderDigits = 2 * 16;

    /// <returns>Null when no such module is loaded.</returns>
    public static async Task<LoadedModule?> ReadAsync(GuestShell shell, string name, CancellationToken cancellationToken)
    {
        var folder = ShellWord.Quote($"/sys/module/{name.Replace('-', '_')}");
        var answer = await shell.RunAsync(
            $"cd {folder}/sections && grep -Hs '^0x' .[!.]* *; printf 'build-id '; od -An -v -tx1 {folder}/notes/.note.gnu.build-id | tr -d ' \\n'",
            cancellationToken);
        var sections = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (Match match in Section().Matches(answer.Output))
        {
            sections[match.Groups["name"].Value] = ulong.Parse(match.Groups["address"].ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }

        var note = BuildId().Match(answer.Output).Groups["digits"].Value;
        return sections.Count == 0 ? null : new LoadedModule(note.Length > NoteHeaderDigits ? note[NoteHeaderDigits..] : null, sections);
    }

    [GeneratedRegex(@"^(?<name>[A-Za-z_.][\w.]{0,127}):0x(?<address>[0-9a-f]{1,16})$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Section();

    [GeneratedRegex("^build-id (?<digits>[0-9a-f]{1,256})", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BuildId();
}
