using KextDev.Processes;
using KextDev.Projects;

namespace KextDev.Toolchains;

/// <summary>Compiles the programs that run in the guest: one executable for each source of tests and each other program of a project.</summary>
/// <param name="buildFolder">Everything that is made lies below it, in a folder of the project's name.</param>
/// <param name="tell">Told what the compiler says, as it comes.</param>
/// <param name="note">Told when another build is waited for.</param>
public sealed class GuestProgramToolchain(string buildFolder, CompilerLine tell, Note note)
{
    /// <summary>All programs of the project, built or found up to date, in the manifest's order: tests first.</summary>
    /// <exception cref="BuildFailedException">A source does not compile; all the others were tried.</exception>
    public async Task<IReadOnlyList<GuestProgram>> BuildAsync(Project project, GuestProgramTarget target, CancellationToken cancellationToken)
    {
        var projectFolder = Path.GetFullPath(Path.Combine(buildFolder, project.Name));
        try
        {
            return await BuildAsync(project, target, projectFolder, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InfrastructureException(
                $"The programs of {project.Name} were not built in {projectFolder}: {exception.Message} Make sure that the folder may be written to and that the disk is not full.",
                exception);
        }
    }

    private async Task<IReadOnlyList<GuestProgram>> BuildAsync(
        Project project, GuestProgramTarget target, string projectFolder, CancellationToken cancellationToken)
    {
        using var held = await FolderLock.TakeAsync(projectFolder, note, cancellationToken);

        var folder = Path.Combine(projectFolder, "programs", target.Name);
        var build = new Build(project, target, folder, new CompilerOutput(tell));

        // Tests that differ by their arguments alone are one program, which has the first one's name.
        var tests = project.Tests.DistinctBy(test => test.Source).ToDictionary(test => test.Source, test => test.Name, StringComparer.Ordinal);
        IReadOnlyList<(string Name, string Source)> programs =
            [.. tests.Select(test => (test.Value, test.Key)), .. project.Programs.Others.Select(other => (other.Key, other.Value))];

        await build.RunAsync(programs.Select(program => program.Source).Concat(project.Programs.Common).Concat(target.Sources).Distinct(), build.CompileAsync, cancellationToken);
        await build.RunAsync(programs, build.LinkAsync, cancellationToken);
        return
        [
            .. project.Tests.Select(test => new GuestProgram(test.Name, Path.Combine(folder, tests[test.Source]))),
            .. project.Programs.Others.Keys.Select(other => new GuestProgram(other, Path.Combine(folder, other))),
        ];
    }

    private sealed class Build(Project project, GuestProgramTarget target, string folder, CompilerOutput output)
    {
        private readonly IReadOnlyList<string> _flags = [.. target.Flags, .. project.Programs.Flags.Select(flag => AbsoluteInclude(flag, project.Folder))];
        private readonly IncrementalBuild _incremental = new(folder, output);

        public Task RunAsync<T>(IEnumerable<T> items, Func<T, CancellationToken, Task<string?>> build, CancellationToken cancellationToken) =>
            _incremental.RunAsync(items, build, cancellationToken);

        /// <returns>Null, or what failed.</returns>
        public Task<string?> CompileAsync(string source, CancellationToken cancellationToken)
        {
            var made = Object(source);
            var dependencies = made + ".d";
            return MakeAsync(
                made,
                [.. _flags, "-MMD", "-MF", dependencies, "-c", "-o", made, source],
                () => IncrementalBuild.Dependencies(File.ReadAllText(dependencies)).Select(file => Path.GetFullPath(file, project.Folder)),
                $"{Path.GetRelativePath(project.Folder, source)} was not compiled",
                cancellationToken);
        }

        /// <returns>Null, or what failed.</returns>
        public Task<string?> LinkAsync((string Name, string Source) program, CancellationToken cancellationToken)
        {
            IReadOnlyList<string> objects = [.. project.Programs.Common.Prepend(program.Source).Concat(target.Sources).Distinct().Select(Object)];
            var made = Path.Combine(folder, program.Name);
            return MakeAsync(
                made,
                [.. _flags, .. target.LinkFlags, "-o", made, .. objects],
                () => objects,
                $"The program {program.Name} was not linked",
                cancellationToken);
        }

        private Task<string?> MakeAsync(
            string made, IReadOnlyList<string> arguments, Func<IEnumerable<string>> inputs, string failure, CancellationToken cancellationToken)
        {
            var command = new HostCommand(target.Compiler, arguments)
            {
                WorkingDirectory = project.Folder,
                Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["LC_ALL"] = "C" },
            };
            return _incremental.MakeAsync(command, made, inputs, failure, cancellationToken);
        }

        private string Object(string source) => Path.Combine(
            folder,
            ".objects",
            (target.Sources.Contains(source) ? Path.Combine("." + target.Name, Path.GetFileName(source)) : Path.GetRelativePath(project.Folder, source)) + ".o");
    }

    // The compiler runs in the project's folder, but its messages shall name files as they are found from anywhere.
    private static string AbsoluteInclude(string flag, string folder) =>
        flag.StartsWith("-I", StringComparison.Ordinal) && flag.Length > 2 ? "-I" + Path.GetFullPath(flag[2..], folder) : flag;
}
