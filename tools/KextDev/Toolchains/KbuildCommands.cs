using System.Text;

namespace KextDev.Toolchains;

/// <summary>How the kernel's build compiled each source, from the notes (.NAME.o.cmd) that it leaves beside the objects.</summary>
/// <param name="mirror">Where it built.</param>
/// <param name="source">The user's own tree, which the mirror shows.</param>
/// <param name="tree">Where its make runs: relative paths of its commands begin there.</param>
internal sealed class KbuildCommands(string mirror, string source, KernelTree tree)
{
    private static readonly EnumerationOptions s_hiddenToo = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };

    /// <summary>One for each C source of the user's; what the build generated is left out.</summary>
    public IReadOnlyList<CompileCommand> Read() =>
        [.. Directory.EnumerateFiles(mirror, ".*.o.cmd", s_hiddenToo)
            .Order(StringComparer.Ordinal)
            .Select(Parse)
            .OfType<CompileCommand>()];

    // "cmd_OBJECT := COMMAND ; FURTHER COMMANDS", since 6.2 "savedcmd_"; then "source_OBJECT := SOURCE".
    private CompileCommand? Parse(string file)
    {
        var lines = File.ReadLines(file);
        var command = Value(lines, "cmd_") ?? Value(lines, "savedcmd_");
        var compiled = Value(lines, "source_");
        if (command is null || compiled is null || ToSource(compiled) is not { } own)
        {
            return null;
        }

        var words = ShellWords(command);
        var output = words.IndexOf("-o");
        return new CompileCommand(
            tree.ObjectFolder,
            own,
            output >= 0 && output + 1 < words.Count ? Path.GetFullPath(words[output + 1], tree.ObjectFolder) : file,
            [.. words.Where(IsOfInterest).Select(MapBack)]);
    }

    // Notes for make (-Wp,-MMD) and for debug information (the mirror's prefix) mean nothing to an editor.
    private static bool IsOfInterest(string word) =>
        !word.StartsWith("-Wp,-M", StringComparison.Ordinal) && !word.StartsWith("-ffile-prefix-map=", StringComparison.Ordinal);

    private string? ToSource(string path) =>
        path.EndsWith(".c", StringComparison.Ordinal)
        && Path.GetRelativePath(mirror, Path.GetFullPath(path, tree.ObjectFolder)) is var name
        && !name.StartsWith("..", StringComparison.Ordinal)
        && Path.Combine(source, name) is var own
        && File.Exists(own) ? own : null;

    // "-I/MIRROR/linux" and "/MIRROR/linux/main.c"; an object has no counterpart, and keeps its place.
    private string MapBack(string word)
    {
        var start = word.IndexOf(mirror + "/", StringComparison.Ordinal);
        if (start < 0)
        {
            return word;
        }

        var own = Path.GetFullPath(word[(start + mirror.Length + 1)..], source);
        return File.Exists(own) || Directory.Exists(own) ? word[..start] + own : word;
    }

    private static string? Value(IEnumerable<string> lines, string key)
    {
        var line = lines.FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal));
        var start = line?.IndexOf(":= ", StringComparison.Ordinal) ?? -1;
        // As make writes them into its own files: "$$" is a dollar, "\#" a number sign.
        return start < 0
            ? null
            : line![(start + 3)..].Replace("$$", "$", StringComparison.Ordinal).Replace("\\#", "#", StringComparison.Ordinal).Trim();
    }

    /// <summary>The words of the first command, quotes and backslashes taken as a shell takes them.</summary>
    internal static List<string> ShellWords(string command)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        char? quote = null;
        for (var at = 0; at < command.Length; at++)
        {
            var c = command[at];
            if (quote is null && c is ';' or '&' or '|')
            {
                break;
            }

            if (quote is null && char.IsWhiteSpace(c))
            {
                Close();
            }
            else if (c == quote)
            {
                quote = null;
            }
            else if (quote is null && c is '\'' or '"')
            {
                quote = c;
                word ??= new StringBuilder();
            }
            else
            {
                var escapes = c == '\\' && quote != '\'' && at + 1 < command.Length;
                (word ??= new StringBuilder()).Append(escapes ? command[++at] : c);
            }
        }

        Close();
        return words;

        void Close()
        {
            if (word is not null)
            {
                words.Add(word.ToString());
                word = null;
            }
        }
    }
}
