using KextDev.Projects;

namespace KextDev.Toolchains.Darwin;

/// <summary>Builds a project's kext: compiles what changed, links, makes dSYM and bundle. The steps are the same on every host.</summary>
/// <param name="buildFolder">Everything that is made lies below it, in a folder of the project's name.</param>
/// <param name="tell">Told what the compilers say, as it comes.</param>
/// <param name="note">Told when another build is waited for.</param>
public sealed class KextBuild(IKextToolchain toolchain, string buildFolder, CompilerLine tell, Note note)
{
    /// <summary>The kext, built or found up to date.</summary>
    /// <exception cref="BuildFailedException">The sources do not compile or link.</exception>
    /// <exception cref="InfrastructureException">There is no such variant, or the build cannot run here.</exception>
    public async Task<Kext> RunAsync(Project project, string variant, BuildConfiguration configuration, CancellationToken cancellationToken)
    {
        var extension = project.RequireDarwin();
        extension.RequireVariant(variant);
        var projectFolder = Path.GetFullPath(Path.Combine(buildFolder, project.Name));
        var folder = Path.Combine(projectFolder, $"darwin-{variant}-{configuration.ToString().ToLowerInvariant()}");
        try
        {
            using var held = await FolderLock.TakeAsync(projectFolder, note, cancellationToken);
            var compilation = new KextCompilation(toolchain, project, extension, variant, configuration, folder);
            var output = new CompilerOutput(tell);
            if (variant == extension.DefaultVariant)
            {
                WriteCommands(project, projectFolder, compilation);
            }

            var link = await CompileAsync(compilation, extension, folder, output, cancellationToken);
            var info = extension.Info with { IsTestBuild = variant == DarwinExtension.TestVariant };
            return await new KextAssembly(toolchain, extension, info, configuration, folder)
                .RunAsync(link, variant, output, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InfrastructureException(
                $"The kext {extension.Info.Name} (variant {variant}) was not built in {folder}: {exception.Message} "
                + "Make sure that the folder may be written to and that the disk is not full.",
                exception);
        }
    }

    private async Task<KextLink> CompileAsync(
        KextCompilation compilation, DarwinExtension extension, string folder, CompilerOutput output, CancellationToken cancellationToken)
    {
        var (info, library) = KmodGlue.Write(Path.Combine(folder, "generated"), extension);
        IReadOnlyList<KextObject> own = [.. extension.Sources.Select(compilation.Object)];
        var infoObject = compilation.GlueObject(info);
        IReadOnlyList<KextObject> libraryObjects = toolchain.HasLibkmod ? [] : [.. library.Select(compilation.GlueObject)];
        var steps = own.Select(made => (Made: made, Command: compilation.Command(made)))
            .Concat(libraryObjects.Prepend(infoObject).Select(made => (Made: made, Command: compilation.GlueCommand(made))));

        var incremental = new IncrementalBuild(folder, output, toolchain.CompilerVersion);
        await incremental.RunAsync(
            steps,
            (step, cancellation) => incremental.MakeAsync(
                step.Command,
                step.Made.Path,
                () => IncrementalBuild.Dependencies(File.ReadAllText(KextCompilation.DependencyFile(step.Made)))
                    .Select(file => Path.GetFullPath(file, step.Command.WorkingDirectory!)),
                $"{step.Made.Source} was not compiled",
                cancellation),
            cancellationToken);

        foreach (var leftover in compilation.Leftovers([.. own, infoObject, .. libraryObjects]))
        {
            File.Delete(leftover);
        }

        var executable = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "linked")).FullName, extension.Info.ExecutableName);
        return new KextLink(
            [.. own, infoObject], libraryObjects, executable, extension.DeploymentTarget, extension.Sources.Any(KextCompilation.IsCPlusPlus));
    }

    // Editors show the variant that is shipped, and help before it compiles.
    private void WriteCommands(Project project, string projectFolder, KextCompilation compilation) =>
        CompileCommands.Write(
            project.Folder,
            projectFolder,
            "darwin",
            [.. project.RequireDarwin().Sources.Select(compilation.Object)
                .Select(made => new CompileCommand(project.Folder, made.Source, made.Path, Words(compilation.Command(made))))],
            note);

    private static IReadOnlyList<string> Words(Processes.HostCommand command) => [command.Program, .. command.Arguments];
}
