using KextDev.Projects;

namespace KextDev.Toolchains;

/// <summary>Builds a project's Linux module with the kernel's own build system (kbuild).</summary>
/// <param name="buildFolder">Everything that is made lies below it, in a folder of the project's name.</param>
/// <param name="tell">Told what the compilers say, as it comes.</param>
/// <param name="note">Told when another build is waited for.</param>
public sealed class LinuxModuleToolchain(string buildFolder, CompilerLine tell, Note note)
{
    /// <summary>The module, built or found up to date.</summary>
    /// <exception cref="BuildFailedException">The sources do not compile.</exception>
    /// <exception cref="InfrastructureException">There is no such variant, or the build cannot run here.</exception>
    public async Task<LinuxModule> BuildAsync(Project project, string variant, KernelTree tree, CancellationToken cancellationToken)
    {
        var linux = project.RequireLinux();
        if (!linux.Variants.TryGetValue(variant, out var flags))
        {
            var known = linux.Variants.Keys;
            throw new InfrastructureException(
                $"The extension {project.Name} has no variant '{variant}'. Variants: {string.Join(", ", known)}.{ClosestMatch.Question(variant, known)}");
        }

        var projectFolder = Path.GetFullPath(Path.Combine(buildFolder, project.Name));
        var mirror = Path.Combine(projectFolder, $"linux-{tree.Release}-{variant}");
        CheckPaths(mirror, tree);
        try
        {
            using var held = await FolderLock.TakeAsync(projectFolder, note, cancellationToken);
            var build = new KbuildRun(project, linux, variant, flags, tree, mirror);
            await build.BringUpToDateAsync(new CompilerOutput(tell), cancellationToken);
            if (variant == linux.DefaultVariant)
            {
                CompileCommands.Write(project.Folder, projectFolder, "linux", new KbuildCommands(mirror, project.Folder, tree).Read(), note);
            }

            return LinuxModule.Read(build.ModuleFile, variant) with { LeanPath = build.LeanFile };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InfrastructureException(
                $"The module {linux.Module} (variant {variant}) was not built in {mirror}: {exception.Message} Make sure that the folder may be written to and that the disk is not full.",
                exception);
        }
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
}
