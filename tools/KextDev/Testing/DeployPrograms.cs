using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>Copies the test programs beside the extension. They are far larger than it: so it is loaded before, and a kernel that refuses it is told sooner.</summary>
public static class DeployPrograms
{
    // Not root's alone: a test may give up its rights and start itself again.
    private const UnixFileMode Executable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute |
        UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public static Task RunAsync(GuestShell shell, BuiltExtension built, DeployedFiles files, CancellationToken cancellationToken) =>
        shell.UploadAsync(built.Programs.Select(program => new Upload(program.Path, files.Programs[program.Name], Executable)), cancellationToken);
}
