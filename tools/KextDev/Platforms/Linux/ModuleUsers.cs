using System.Globalization;
using System.Text.RegularExpressions;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Platforms.Linux;

/// <summary>Who keeps a module loaded.</summary>
/// <param name="References">Null where the module is not there, or its kernel does not count.</param>
/// <param name="Holders">Modules that use its symbols.</param>
/// <param name="IsPermanent">It has no function for its end: it stays until the next start.</param>
/// <param name="Mounts">Where file systems of its name are mounted.</param>
/// <param name="Uses">Processes with a device open which may be its.</param>
internal sealed partial record ModuleUsers(
    long? References, IReadOnlyList<string> Holders, bool IsPermanent, IReadOnlyList<string> Mounts, IReadOnlyList<DeviceUse> Uses)
{
    private const string PermanentMark = "[permanent]";

    public static async Task<ModuleUsers> ReadAsync(GuestShell shell, string module, CancellationToken cancellationToken)
    {
        var name = module.Replace('-', '_');
        var command = $"""
            grep -s {ShellWord.Quote($"^{name} ")} /proc/modules
            cat /proc/mounts
            ls -l /proc/[0-9]*/fd 2>/dev/null | grep -E '^/proc/|-> /dev/'
            grep -s ' /dev/' /proc/[0-9]*/maps
            grep -s . /proc/[0-9]*/comm
            """;
        return Parse((await shell.RunAsync(command, cancellationToken)).Output, name);
    }

    /// <param name="output">A guest's text: the module's line of /proc/modules, /proc/mounts, open files of each process, mapped ones, and the names of processes.</param>
    internal static ModuleUsers Parse(string output, string name)
    {
        var open = new List<(long Process, string Device)>();
        var programs = new Dictionary<long, string>();
        var mounts = new List<string>();
        string[]? module = null;
        var process = 0L;
        foreach (var line in output.Split('\n'))
        {
            if (Folder().Match(line) is { Success: true } folder)
            {
                process = Number(folder);
            }
            else if (OpenFile().Match(line) is { Success: true } file)
            {
                open.Add((process, file.Groups["path"].Value));
            }
            else if (Mapping().Match(line) is { Success: true } mapped)
            {
                open.Add((Number(mapped), mapped.Groups["path"].Value));
            }
            else if (ProgramName().Match(line) is { Success: true } program)
            {
                programs[Number(program)] = program.Groups["name"].Value;
            }
            else if (line.StartsWith(name + ' ', StringComparison.Ordinal) && module is null)
            {
                module = line.Split(' ');
            }
            else if (line.Split(' ') is [_, var point, var type, _, ..] && type == name)
            {
                mounts.Add(point);
            }
        }

        // Name, size, references, users with a comma behind each or "-", ...
        var users = module is [_, _, _, var list, ..] ? list.Split(',', StringSplitOptions.RemoveEmptyEntries) : [];
        return new ModuleUsers(
            module is [_, _, var count, ..] && long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var references) ? references : null,
            [.. users.Where(user => user is not ("-" or PermanentMark))],
            users.Contains(PermanentMark),
            mounts,
            [.. open.Where(one => DeviceUse.IsSpecial(one.Device)).Select(one => new DeviceUse(one.Process, programs.GetValueOrDefault(one.Process, "gone"), one.Device))]);
    }

    /// <summary>The rest of a message that says that it was not unloaded.</summary>
    public string Describe(string name)
    {
        var who = new List<string>();
        if (Holders.Count > 0)
        {
            who.Add($"modules {string.Join(", ", Holders)} use it");
        }

        who.AddRange(Mounts.Select(point => $"its file system is mounted at {point}"));
        if (DeviceUse.Describe(Uses, name) is { Length: > 0 } devices)
        {
            who.Add(devices);
        }

        return (References, IsPermanent) switch
        {
            (null, _) => "",
            (_, true) => " It has a function for its start and none for its end, so it stays until the next boot: give it a module_exit.",
            (0, _) => " Nobody refers to it.",
            _ when who.Count > 0 => $" References: {References}: {string.Join("; ", who)}.",
            _ => $" References: {References}, by nobody whom /proc shows: a thread, a callback or a socket of the kernel's took it (try_module_get).",
        };
    }

    private static long Number(Match match) =>
        long.TryParse(match.Groups["process"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex(@"^/proc/(?<process>\d{1,9})/fd:$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Folder();

    // As ls -l writes a link.
    [GeneratedRegex(@"^l[rwx-]{9}.* -> (?<path>/dev/\S{1,255})( \(deleted\))?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OpenFile();

    [GeneratedRegex(@"^/proc/(?<process>\d{1,9})/maps:[0-9a-f]+-[0-9a-f]+ .* (?<path>/dev/\S{1,255})( \(deleted\))?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Mapping();

    [GeneratedRegex(@"^/proc/(?<process>\d{1,9})/comm:(?<name>.{1,64})$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ProgramName();
}
