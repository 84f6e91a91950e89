using KextDev.Platforms;
using KextDev.Shells;
using KextDev.Toolchains;

namespace KextDev.Testing;

/// <summary>Copies the test programs beside the extension. They are far larger than it: so it is loaded before, and a kernel that refuses it is told sooner.</summary>
public static class DeployPrograms
{
    // Not root's alone: a test may give up its rights and start itself again.
    private const UnixFileMode Executable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute |
        UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Both, into a folder that may hold an older build: nothing of it stays.</summary>
    public static async Task<DeployedFiles> AnewAsync(
        GuestShell shell, IKernelPlatform platform, string folder, BuiltExtension built, CancellationToken cancellationToken)
    {
        await DeployExtension.RemoveAsync(shell, folder, cancellationToken);
        var files = await DeployExtension.RunAsync(shell, platform, folder, built, cancellationToken);
        await RunAsync(shell, built.Programs, files, cancellationToken);
        return files;
    }

    public static Task RunAsync(GuestShell shell, IEnumerable<GuestProgram> programs, DeployedFiles files, CancellationToken cancellationToken) =>
        shell.UploadAsync(programs.DistinctBy(program => program.Path).Select(program => new Upload(program.Path, files.Programs[program.Name], Executable)), cancellationToken);
}
