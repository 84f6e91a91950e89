using KextDev.Platforms;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>Copies the extension's variants and the test programs into a folder of the guest that only this run uses.</summary>
public static class DeployExtension
{
    // Not root's alone: a test may give up its rights and start itself again.
    private const UnixFileMode Executable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute |
        UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public static async Task<DeployedFiles> RunAsync(GuestShell shell, string folder, BuiltExtension built, CancellationToken cancellationToken)
    {
        var extensions = new Dictionary<string, DeployedExtension>(StringComparer.Ordinal);
        var programs = new Dictionary<string, string>(StringComparer.Ordinal);
        var uploads = new List<Upload>();
        foreach (var (variant, module) in built.Modules)
        {
            var remote = $"{folder}/{variant}/{Path.GetFileName(module.Path)}";
            uploads.Add(new Upload(module.Path, remote, UnixFileMode.UserRead | UnixFileMode.UserWrite));
            extensions[variant] = new DeployedExtension(module.Name, variant, remote, module.Release);
        }

        foreach (var program in built.Programs)
        {
            var remote = $"{folder}/{program.Name}";
            uploads.Add(new Upload(program.Path, remote, Executable));
            programs[program.Name] = remote;
        }

        await shell.UploadAsync(uploads, cancellationToken);
        return new DeployedFiles(folder, extensions, programs);
    }

    /// <summary>Removes the folder; for guests that outlive the run.</summary>
    public static Task RemoveAsync(GuestShell shell, DeployedFiles files, CancellationToken cancellationToken) =>
        shell.RunAsync($"rm -rf {ShellWord.Quote(files.Folder)}", cancellationToken);
}

/// <summary>Where things lie in the guest.</summary>
/// <param name="Extensions">By variant.</param>
/// <param name="Programs">By the program's name.</param>
public sealed record DeployedFiles(
    string Folder, IReadOnlyDictionary<string, DeployedExtension> Extensions, IReadOnlyDictionary<string, string> Programs);
