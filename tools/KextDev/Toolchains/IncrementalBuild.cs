using KextDev.Processes;

namespace KextDev.Toolchains;

/// <summary>Runs the commands whose output is not up to date, a few at once.</summary>
/// <param name="folder">What is made lies below it; the stamps too.</param>
/// <param name="output">Told what the commands say.</param>
/// <param name="tool">What else an output depends on: the compiler's version, in its own words.</param>
internal sealed class IncrementalBuild(string folder, CompilerOutput output, string tool = "")
{
    /// <summary>Does all of one kind; then fails if one of them failed.</summary>
    /// <param name="build">Returns null, or what failed.</param>
    public async Task RunAsync<T>(IEnumerable<T> items, Func<T, CancellationToken, Task<string?>> build, CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(items, options, async (item, cancellation) =>
        {
            if (await build(item, cancellation) is { } failure)
            {
                lock (failures)
                {
                    failures.Add(failure);
                }
            }
        });

        if (failures.Count > 0)
        {
            failures.Sort(StringComparer.Ordinal);
            throw output.Failure(string.Join('\n', failures), []);
        }
    }

    /// <summary>Runs a command unless what it makes is up to date.</summary>
    /// <param name="made">The file that the command makes.</param>
    /// <param name="inputs">Asked after the command: the files that it read.</param>
    /// <param name="failure">What was not done, to begin the answer with.</param>
    /// <returns>Null, or what failed.</returns>
    public async Task<string?> MakeAsync(
        HostCommand command, string made, Func<IEnumerable<string>> inputs, string failure, CancellationToken cancellationToken)
    {
        var stampFile = StampFile(made);
        var subject = $"{command} {tool}".TrimEnd().ReplaceLineEndings(" ");
        if (BuildStamp.Holds(stampFile, subject))
        {
            return null;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(made)!);
        Directory.CreateDirectory(Path.GetDirectoryName(stampFile)!);
        File.Delete(stampFile);
        var start = DateTime.UtcNow;
        var result = await command.TryRunAsync(cancellationToken);
        output.Add((result.Output + result.Error).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        if (result.ExitCode != 0)
        {
            return $"{failure}: {command.Program} ended with exit code {result.ExitCode}. Command: {command}";
        }

        // A source that changed while the compiler read it leaves no stamp, so that it is compiled again next time.
        IReadOnlyList<string> read = [.. inputs()];
        if (read.All(file => File.GetLastWriteTimeUtc(file) < start))
        {
            BuildStamp.Write(stampFile, BuildStamp.Make(subject, read.Append(made)));
        }

        return null;
    }

    /// <summary>The files of a rule for make, "object: source header \⏎ header", a space in a name written as "\ ",
    /// a dollar as "$$", a number sign as "\#".</summary>
    public static IEnumerable<string> Dependencies(string rule) =>
        rule[(rule.IndexOf(": ", StringComparison.Ordinal) + 2)..]
            .Replace("\\\n", " ", StringComparison.Ordinal)
            .Replace("\\ ", "\0", StringComparison.Ordinal)
            .Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .Select(file => file.Replace('\0', ' ').Replace("$$", "$", StringComparison.Ordinal).Replace("\\#", "#", StringComparison.Ordinal));

    private string StampFile(string made) => Path.Combine(folder, ".stamps", Path.GetRelativePath(folder, made));
}
