using System.Text;

namespace KextDev.Toolchains;

/// <summary>
/// What an output was made from: a line with the command, then a line for each input file (length, time of its last change in 100 ns, path).
/// An output is up to date as long as its stamp, made anew, reads the same.
/// </summary>
internal static class BuildStamp
{
    public static string Make(string command, IEnumerable<string> inputs)
    {
        var text = new StringBuilder(command.ReplaceLineEndings(" ")).Append('\n');
        foreach (var input in inputs)
        {
            text.Append(Line(input)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>One file's line, of what it leads to when it is a link; a missing file has a line of its own kind.</summary>
    public static string Line(string input)
    {
        var file = new FileInfo(input);
        file = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        return file.Exists ? $"{file.Length} {file.LastWriteTimeUtc.Ticks} {input}" : $"- - {input}";
    }

    /// <summary>Whether the stamp in a file still holds for this command and for the inputs that it names itself.</summary>
    public static bool Holds(string stampFile, string command) =>
        Read(stampFile) is { } stamp && stamp == Make(command, stamp.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(Path));

    /// <summary>The stamp's text; null when there is none.</summary>
    public static string? Read(string stampFile) => File.Exists(stampFile) ? File.ReadAllText(stampFile) : null;

    /// <summary>Written beside and renamed: half a stamp could hold for half of the inputs.</summary>
    public static void Write(string stampFile, string stamp)
    {
        var unfinished = stampFile + ".unfinished";
        File.WriteAllText(unfinished, stamp);
        File.Move(unfinished, stampFile, overwrite: true);
    }

    private static string Path(string line) => line.Split(' ', 3) is [_, _, var path] ? path : "";
}
