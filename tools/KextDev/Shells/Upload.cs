namespace KextDev.Shells;

/// <summary>A file to copy into a guest.</summary>
/// <param name="LocalFile">Path on the host.</param>
/// <param name="RemoteFile">Absolute path in the guest.</param>
/// <param name="Mode">Permissions in the guest; the special bits are not set.</param>
public sealed record Upload(string LocalFile, string RemoteFile, UnixFileMode Mode)
{
    /// <summary>Every file below a local folder, with its own mode.</summary>
    /// <exception cref="InfrastructureException">There is no such folder.</exception>
    public static IReadOnlyList<Upload> Folder(string localFolder, string remoteFolder)
    {
        if (!Directory.Exists(localFolder))
        {
            throw new InfrastructureException($"The folder {localFolder} cannot be uploaded: it does not exist.");
        }

        return
        [
            .. Directory.EnumerateFiles(localFolder, "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(file => new Upload(
                    file,
                    $"{remoteFolder.TrimEnd('/')}/{Path.GetRelativePath(localFolder, file)}",
                    OperatingSystem.IsWindows() ? UnixFileMode.UserRead | UnixFileMode.UserWrite : File.GetUnixFileMode(file))),
        ];
    }
}
