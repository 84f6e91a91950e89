using KextDev.Crashes;

namespace KextDev.Tests.Crashes;

/// <summary>
/// Files of text that kernels print, below the header that says what is to be found in it: for each crash the lines TITLE, KIND, SEVERITY, MODULE and FUNCTION,
/// perhaps SAME AS (another file, whose first crash this one is, at another time and place), then an empty line. No header: there is no crash in it.
/// corpus/linux has consoles of a Debian 6.1 guest that a module made to break really broke, and consoles in forms that its kernel is not configured to print;
/// corpus/darwin panics of kexthost, and of macOS in the forms of 10.9 to 11, as its console and as its files have them. A new case is a new file.
/// </summary>
internal sealed record CrashCorpus(IReadOnlyList<string> Expected, IReadOnlyList<string?> SameAs, IReadOnlyList<string> Text)
{
    private const string Same = "SAME AS:";

    private static readonly string s_folder = Path.Combine(Repository.Root, "tests", "KextDev.Tests", "Crashes", "corpus");
    private static readonly string[] s_keys = ["TITLE", "KIND", "SEVERITY", "MODULE", "FUNCTION"];

    public static TheoryData<string> Linux => [.. Names.Where(IsLinux)];

    public static TheoryData<string> All => [.. Names];

    /// <summary>"linux/gpf", "darwin/panic" ...</summary>
    public static IReadOnlyList<string> Names =>
        [.. Directory.GetFiles(s_folder, "*.txt", SearchOption.AllDirectories).Select(file => Path.ChangeExtension(Path.GetRelativePath(s_folder, file), null)).Order(StringComparer.Ordinal)];

    public static bool IsLinux(string name) => name.StartsWith("linux/", StringComparison.Ordinal);

    public static CrashCorpus Read(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(s_folder, name + ".txt")).ToList();
        var headers = lines.TakeWhile(line => line.Length > 0).ToList();
        var expected = new List<string>();
        var same = new List<string?>();
        for (var next = 0; next < headers.Count; next += s_keys.Length)
        {
            expected.Add(string.Join('|', s_keys.Zip(headers.Skip(next), Value)));
            var another = headers.ElementAtOrDefault(next + s_keys.Length) is { } line && line.StartsWith(Same, StringComparison.Ordinal) ? line[Same.Length..].Trim() : null;
            same.Add(another);
            next += another is null ? 0 : 1;
        }

        return new CrashCorpus(expected, same, lines[(headers.Count + 1)..]);
    }

    /// <summary>As <see cref="Expected"/> has it.</summary>
    public static string Describe(Crash crash) => $"{crash.Title}|{crash.Kind}|{crash.Severity}|{crash.Module}|{crash.Function}";

    public static IReadOnlyList<Crash> Scan(IEnumerable<string> text)
    {
        var lines = text.ToList();
        var scanner = new CrashScanner();
        var crashes = (lines is [var first, ..] && PanicFile.Matches(first) ? PanicFile.Read(string.Join('\n', lines)) : lines).Select(scanner.Feed).ToList();
        return [.. crashes.Append(scanner.Complete()).OfType<Crash>()];
    }

    private static string Value(string key, string header) =>
        header.StartsWith(key + ":", StringComparison.Ordinal) ? header[(key.Length + 1)..].Trim() : throw new FormatException($"'{header}' stands where {key} is expected.");
}
