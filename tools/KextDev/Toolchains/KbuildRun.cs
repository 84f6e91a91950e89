using System.Text.RegularExpressions;
using KextDev.Processes;
using KextDev.Projects;

namespace KextDev.Toolchains;

/// <summary>One module in one mirror of its sources: whether it is up to date, and the run of make that brings it there.</summary>
internal sealed partial class KbuildRun(
    Project project, LinuxExtension linux, string variant, IReadOnlyList<string> flags, KernelTree tree, string mirror)
{
    private readonly string _stampFile = Path.Combine(mirror, ".stamp");

    // There while make runs, and after it was killed.
    private readonly string _unfinishedMark = Path.Combine(mirror, ".unfinished");

    private string ModuleFolder => Path.Combine(mirror, Path.GetRelativePath(project.Folder, linux.KbuildFolder));

    public string ModuleFile => Path.Combine(ModuleFolder, linux.Module + ".ko");

    /// <summary>The same module without debug information, which is nearly all of it: what guests are given.</summary>
    public string LeanFile => Path.Combine(mirror, ".lean", linux.Module + ".ko");

    private string Subject => $"The module {linux.Module} (variant {variant}) was not built";

    public async Task BringUpToDateAsync(CompilerOutput output, CancellationToken cancellationToken)
    {
        // Make believes an object file's time: one that a killed compiler left half-written would never be made again.
        if (File.Exists(_unfinishedMark))
        {
            Directory.Delete(mirror, recursive: true);
        }

        var sources = new SourceMirror(project.Folder, mirror).Update();
        var command = Command();
        var stamp = BuildStamp.Make(command.ToString(), [.. sources, Path.Combine(tree.ObjectFolder, ".config"), Path.Combine(tree.ObjectFolder, "Module.symvers")]);
        if (File.Exists(LeanFile) && BuildStamp.Read(_stampFile) == stamp + BuildStamp.Line(ModuleFile))
        {
            return;
        }

        await File.WriteAllTextAsync(_unfinishedMark, "", cancellationToken);
        await MakeAsync(command, output, cancellationToken);
        Directory.CreateDirectory(Path.GetDirectoryName(LeanFile)!);
        await new HostCommand("strip", "--strip-debug", "-o", LeanFile, ModuleFile).RunAsync(cancellationToken);
        // The inputs as they were before: a source that changed during the build is built again next time.
        BuildStamp.Write(_stampFile, stamp + BuildStamp.Line(ModuleFile));
    }

    private HostCommand Command()
    {
        // Debug information, WARN and BUG then name the user's own files; kbuild hands the flags to a shell.
        IEnumerable<string> all = [.. flags, $"-ffile-prefix-map={mirror}={project.Folder}"];
        return new HostCommand(
            "make",
            "-C", tree.SourceFolder,
            $"O={tree.ObjectFolder}",
            $"KERNELRELEASE={tree.Release}",
            $"M={ModuleFolder}",
            $"KCFLAGS={string.Join(' ', all.Select(ShellWord.Quote))}",
            "--check-symlink-times",
            $"-j{Environment.ProcessorCount}",
            "modules")
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["LC_ALL"] = "C",
                // When the caller is make itself, its own flags and job server are not ours.
                ["MAKEFLAGS"] = null,
                ["MFLAGS"] = null,
                ["MAKELEVEL"] = null,
            },
        };
    }

    private async Task MakeAsync(HostCommand command, CompilerOutput output, CancellationToken cancellationToken)
    {
        var steps = new List<string>();
        var exitCode = 0;
        await foreach (var happened in command.StreamAsync(cancellationToken))
        {
            switch (happened)
            {
                case OutputLine(var line):
                    steps.Add(line);
                    break;
                case ErrorLine(var line) when MakesOwn().IsMatch(line):
                    steps.Add(line);
                    break;
                case ErrorLine(var line):
                    output.Add([MapBack(line)]);
                    break;
                case Exited(var code):
                    exitCode = code;
                    break;
            }
        }

        File.Delete(_unfinishedMark);
        if (exitCode != 0)
        {
            throw output.Failure($"{Subject}: make ended with exit code {exitCode}. Command: {command}", steps);
        }

        if (!File.Exists(ModuleFile))
        {
            throw output.Failure(
                $"{Subject}: {linux.KbuildFolder} makes no {linux.Module}.ko. The Kbuild file there needs \"obj-m := {linux.Module}.o\", or the manifest another module name.",
                steps);
        }
    }

    // What has no counterpart among the sources (objects, generated files) keeps its path.
    private string MapBack(string line) =>
        line.Contains(mirror, StringComparison.Ordinal)
            ? Regex.Replace(
                line,
                Regex.Escape(mirror) + @"/(?<name>[^\s:;,'""`]+)",
                match => Path.GetFullPath(match.Groups["name"].Value, project.Folder) is var path && File.Exists(path) ? path : match.Value,
                RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(1))
            : line;

    // What make and kbuild say of themselves: that a command failed, that no type information (BTF) is added.
    [GeneratedRegex(@"^make(\[\d+\])?: |^Skipping BTF generation", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MakesOwn();
}
