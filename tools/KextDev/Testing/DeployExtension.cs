using KextDev.Platforms;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>Copies the extension's variants into a folder of the guest that only this run uses.</summary>
public static class DeployExtension
{
    public static async Task<DeployedFiles> RunAsync(
        GuestShell shell, IKernelPlatform platform, string folder, BuiltExtension built, CancellationToken cancellationToken)
    {
        var extensions = built.Images.ToDictionary(image => image.Key, image => image.Value.DeployedIn(folder), StringComparer.Ordinal);
        await shell.UploadAsync(built.Images.Values.SelectMany(image => image.UploadsTo(folder)), cancellationToken);
        foreach (var extension in extensions.Values)
        {
            await platform.PrepareAsync(extension, cancellationToken);
        }

        return new DeployedFiles(
            folder, extensions, built.Programs.ToDictionary(program => program.Name, program => $"{folder}/{Path.GetFileName(program.Path)}", StringComparer.Ordinal));
    }

    /// <summary>Removes the folder; for guests that outlive the run.</summary>
    public static Task RemoveAsync(GuestShell shell, string folder, CancellationToken cancellationToken) =>
        shell.RunAsync($"rm -rf {ShellWord.Quote(folder)}", cancellationToken);
}

/// <summary>Where things lie in the guest.</summary>
/// <param name="Extensions">By variant.</param>
/// <param name="Programs">By the program's name; they lie there once <see cref="DeployPrograms"/> has run.</param>
public sealed record DeployedFiles(
    string Folder, IReadOnlyDictionary<string, DeployedExtension> Extensions, IReadOnlyDictionary<string, string> Programs);
