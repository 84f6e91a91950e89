using System.Text;
using System.Text.Json;

namespace KextDev.Toolchains;

/// <param name="Directory">Where the compiler runs.</param>
/// <param name="File">Full path of the source.</param>
/// <param name="Output">Full path of the object.</param>
/// <param name="Arguments">The compiler and all its arguments.</param>
internal sealed record CompileCommand(string Directory, string File, string Output, IReadOnlyList<string> Arguments);

/// <summary>
/// compile_commands.json in the project's folder, where clangd and its kin look for it: how each source is compiled, for every platform that
/// was built here. The format is that of LLVM's JSON compilation database.
/// </summary>
internal static class CompileCommands
{
    public const string FileName = "compile_commands.json";

    /// <summary>Puts one platform's commands in the place of its older ones; the other's stay.</summary>
    /// <param name="keptIn">A folder for each platform's own part.</param>
    /// <param name="note">Told when the project's folder may not be written to: that is no reason for a build to fail.</param>
    public static void Write(string projectFolder, string keptIn, string platform, IReadOnlyList<CompileCommand> commands, Note note)
    {
        WriteIfChanged(Path.Combine(keptIn, $"commands-{platform}.json"), Text(commands.Select(ToElement)));

        // By name: darwin stands before linux, and an editor that takes the first command of a shared source gets clang's own flags.
        var all = Directory.EnumerateFiles(keptIn, "commands-*.json").Order(StringComparer.Ordinal).SelectMany(Read);
        try
        {
            WriteIfChanged(Path.Combine(projectFolder, FileName), Text(all));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            note($"{FileName}, which is for editors, was not written to {projectFolder}: {exception.Message}");
        }
    }

    private static IReadOnlyList<JsonElement> Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return [.. document.RootElement.EnumerateArray().Select(entry => entry.Clone())];
    }

    private static JsonElement ToElement(CompileCommand command) =>
        JsonSerializer.SerializeToElement(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["directory"] = command.Directory,
            ["file"] = command.File,
            ["output"] = command.Output,
            ["arguments"] = command.Arguments,
        });

    // An entry a line: a person who looks finds a file's line.
    private static string Text(IEnumerable<JsonElement> entries) => $"[\n{string.Join(",\n", entries.Select(entry => entry.GetRawText()))}\n]\n";

    // An editor reads a changed file anew.
    private static void WriteIfChanged(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text)
        {
            var unfinished = path + ".unfinished";
            File.WriteAllText(unfinished, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(unfinished, path, overwrite: true);
        }
    }
}
