using KextDev.Crashes;

namespace KextDev.Symbols;

/// <summary>A crash that a file tells of.</summary>
/// <param name="File">Full path.</param>
/// <param name="Times">How often it is told: the same crash twice is one.</param>
public sealed record FoundCrash(string File, Crash Crash, int Times);

/// <summary>
/// Finds the crashes in a file: a panic report of either form, a console's log, or a run's folder, of which the consoles are read and then what else tells of
/// crashes. Files are hostile: what is kept of them is bounded.
/// </summary>
public static class CrashReading
{
    private const int MostCrashes = 200;
    private const int LongestLine = 16 * 1024;
    private const long LargestJson = 64L << 20;

    /// <exception cref="InfrastructureException">There is no such file, or it cannot be read.</exception>
    public static IReadOnlyList<FoundCrash> Read(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            return Directory.Exists(full) ? Merge(RunFiles(full).SelectMany(ReadFile)) : Merge(ReadFile(full));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InfrastructureException($"The report {path} cannot be read: {exception.Message} Name a panic report, a console's log or a run's folder.", exception);
        }
        catch (FormatException exception)
        {
            throw new InfrastructureException($"The report {path} cannot be read: {exception.Message}. Give the file as macOS wrote it.", exception);
        }
    }

    // The consoles first: they have the time of each line. The others tell of the same crashes, or of one whose console nobody saw.
    private static IEnumerable<string> RunFiles(string folder) =>
        Files(folder, "console.log").Concat(Files(folder, "*.panic")).Concat(Files(folder, "*.ips")).Concat(Files(Path.Combine(folder, "crash"), "*.txt"));

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, pattern, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 }).Order(StringComparer.Ordinal)
            : [];

    private static List<FoundCrash> Merge(IEnumerable<FoundCrash> crashes)
    {
        var found = new Dictionary<string, FoundCrash>(StringComparer.Ordinal);
        foreach (var crash in crashes)
        {
            if (found.TryGetValue(crash.Crash.Fingerprint, out var same))
            {
                // Another file tells of it again; the same file of another time.
                found[crash.Crash.Fingerprint] = same with { Times = same.Times + (same.File == crash.File ? 1 : 0) };
            }
            else if (found.Count < MostCrashes)
            {
                found.Add(crash.Crash.Fingerprint, crash);
            }
        }

        return [.. found.Values];
    }

    private static IEnumerable<FoundCrash> ReadFile(string file)
    {
        var first = Lines(file).Take(2).ToList();
        if (first.Find(line => line.Trim().Length > 0) is { } start && PanicFile.Matches(start))
        {
            return Scan(file, PanicFile.Read(ReadJson(file)));
        }

        // A file of a run's crash folder: the title, an empty line, the report.
        return first is [var title, ""] && Scan(file, Lines(file).Skip(2)).FirstOrDefault()?.Crash.Summary == title
            ? Scan(file, Lines(file).Skip(2))
            : Scan(file, Lines(file));
    }

    private static IEnumerable<FoundCrash> Scan(string file, IEnumerable<string> lines)
    {
        var scanner = new CrashScanner();
        // What was read once may be read again.
        foreach (var line in lines.Where(line => !CrashSymbols.IsName(line)))
        {
            if (scanner.Feed(line) is { } crash)
            {
                yield return new FoundCrash(file, crash, 1);
            }
        }

        if (scanner.Complete() is { } last)
        {
            yield return new FoundCrash(file, last, 1);
        }
    }

    private static string ReadJson(string file) =>
        new FileInfo(file).Length is var length && length <= LargestJson
            ? File.ReadAllText(file)
            : throw new FormatException($"it has {length} bytes, and {LargestJson} are more than any panic report has");

    // A guest that never ends a line must not fill the host's memory.
    private static IEnumerable<string> Lines(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var line = new System.Text.StringBuilder();
        var block = new char[8192];
        int count;
        while ((count = reader.Read(block)) > 0)
        {
            for (var index = 0; index < count; index++)
            {
                if (block[index] == '\n')
                {
                    yield return line.ToString().TrimEnd('\r');
                    line.Clear();
                }
                else if (line.Length < LongestLine)
                {
                    line.Append(block[index]);
                }
            }
        }

        if (line.Length > 0)
        {
            yield return line.ToString().TrimEnd('\r');
        }
    }
}
