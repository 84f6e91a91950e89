using System.Text.RegularExpressions;
using KextDev.Guests;
using KextDev.Processes;
using KextDev.Projects;

namespace KextDev.Toolchains;

/// <summary>Builds a project's Linux module with the kernel's own build system (kbuild).</summary>
/// <param name="buildFolder">Everything that is made lies below it, in a folder of the project's name.</param>
/// <param name="tell">Told what the compilers say, as it comes.</param>
/// <param name="note">Told when another build is waited for.</param>
public sealed partial class LinuxModuleToolchain(string buildFolder, CompilerLine tell, GuestNote note)
{
    /// <summary>The module, built or found up to date.</summary>
    /// <exception cref="BuildFailedException">The sources do not compile.</exception>
    /// <exception cref="InfrastructureException">There is no such variant, or the build cannot run here.</exception>
    public async Task<LinuxModule> BuildAsync(Project project, string variant, KernelTree tree, CancellationToken cancellationToken)
    {
        if (!project.Linux.Variants.TryGetValue(variant, out var flags))
        {
            var known = project.Linux.Variants.Keys;
            throw new InfrastructureException(
                $"The extension {project.Name} has no variant '{variant}'. Variants: {string.Join(", ", known)}.{ClosestMatch.Question(variant, known)}");
        }

        var projectFolder = Path.GetFullPath(Path.Combine(buildFolder, project.Name));
        var mirror = Path.Combine(projectFolder, $"linux-{tree.Release}-{variant}");
        CheckPaths(mirror, tree);
        using var held = await FolderLock.TakeAsync(projectFolder, note, cancellationToken);

        var sources = new SourceMirror(project.Folder, mirror).Update();
        var moduleFolder = Path.Combine(mirror, Path.GetRelativePath(project.Folder, project.Linux.KbuildFolder));
        var moduleFile = Path.Combine(moduleFolder, project.Linux.Module + ".ko");
        var command = Command(project, flags, tree, mirror, moduleFolder);
        var stampFile = Path.Combine(mirror, ".stamp");
        IReadOnlyList<string> inputs = [.. sources, Path.Combine(tree.ObjectFolder, ".config"), Path.Combine(tree.ObjectFolder, "Module.symvers")];
        var stamp = BuildStamp.Make(command.ToString(), inputs);
        if (BuildStamp.Read(stampFile) != stamp + BuildStamp.Line(moduleFile))
        {
            await MakeAsync(project, variant, command, mirror, moduleFile, cancellationToken);
            // The inputs as they were before: a source that changed during the build is built again next time.
            BuildStamp.Write(stampFile, stamp + BuildStamp.Line(moduleFile));
        }

        return LinuxModule.Read(moduleFile, variant);
    }

    private static void CheckPaths(string mirror, KernelTree tree)
    {
        foreach (var path in (string[])[mirror, tree.SourceFolder, tree.ObjectFolder])
        {
            if (path.Any(c => char.IsWhiteSpace(c) || c is ':' or '\'' or '"' or '$' or '#'))
            {
                throw new InfrastructureException(
                    $"No module can be built in {path}: the kernel's build system cannot handle spaces, colons, quotes, '$' or '#' in a path. Move the checkout to another folder.");
            }
        }

        if (!File.Exists(Path.Combine(tree.SourceFolder, "Makefile")) || !Directory.Exists(tree.ObjectFolder))
        {
            throw new InfrastructureException(
                $"No module can be built for the kernel {tree.Release}: its headers are not complete in {tree.SourceFolder} and {tree.ObjectFolder}. Run ./build.sh KernelDeps, which fetches them.");
        }
    }

    private static HostCommand Command(Project project, IReadOnlyList<string> flags, KernelTree tree, string mirror, string moduleFolder)
    {
        // Debug information, WARN and BUG then name the user's own files; kbuild hands the flags to a shell.
        IEnumerable<string> all = [.. flags, $"-ffile-prefix-map={mirror}={project.Folder}"];
        return new HostCommand(
            "make",
            "-C", tree.SourceFolder,
            $"O={tree.ObjectFolder}",
            $"KERNELRELEASE={tree.Release}",
            $"M={moduleFolder}",
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

    private async Task MakeAsync(Project project, string variant, HostCommand command, string mirror, string moduleFile, CancellationToken cancellationToken)
    {
        var output = new CompilerOutput(tell);
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
                    output.Add([MapBack(line, mirror, project.Folder)]);
                    break;
                case Exited(var code):
                    exitCode = code;
                    break;
            }
        }

        var subject = $"The module {project.Linux.Module} (variant {variant}) was not built";
        if (exitCode != 0)
        {
            throw output.Failure($"{subject}: make ended with exit code {exitCode}. Command: {command}", steps);
        }

        if (!File.Exists(moduleFile))
        {
            throw output.Failure(
                $"{subject}: {project.Linux.KbuildFolder} makes no {project.Linux.Module}.ko. The Kbuild file there needs \"obj-m := {project.Linux.Module}.o\", or the manifest another module name.", steps);
        }
    }

    // What has no counterpart among the sources (objects, generated files) keeps its path.
    private static string MapBack(string line, string mirror, string source) =>
        line.Contains(mirror, StringComparison.Ordinal)
            ? Regex.Replace(
                line,
                Regex.Escape(mirror) + @"/([^\s:;,'""`]+)",
                match => Path.GetFullPath(match.Groups[1].Value, source) is var path && File.Exists(path) ? path : match.Value,
                RegexOptions.None,
                TimeSpan.FromSeconds(1))
            : line;

    // What make and kbuild say of themselves: that a command failed, that no type information (BTF) is added.
    [GeneratedRegex(@"^make(\[\d+\])?: |^Skipping BTF generation", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MakesOwn();
}
