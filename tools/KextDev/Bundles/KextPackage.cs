using System.IO.Compression;
using System.Text;

namespace KextDev.Bundles;

/// <summary>A zip of a bundle and its dSYM with Unix modes. Equal files give an equal zip, byte for byte.</summary>
public static class KextPackage
{
    /// <summary>Where macOS looks for kexts that are not its own.</summary>
    public const string InstallFolder = "/Library/Extensions";

    // The oldest time that a zip can hold: a build's time would make every zip differ.
    private static readonly DateTimeOffset EntryTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes NAME-VERSION.zip, whole or not at all.</summary>
    /// <param name="dsymFolder">NAME.kext.dSYM; null to leave it out.</param>
    /// <returns>The zip's path.</returns>
    /// <exception cref="InfrastructureException">A test build, a symbolic link among the files, or the disk refused.</exception>
    public static string Create(string folder, KextInfo info, string bundleFolder, string? dsymFolder)
    {
        RefuseTestBuild(info);
        var target = Path.Combine(Path.GetFullPath(folder), $"{info.Name}-{info.Version}.zip");
        var written = $"{target}.{Guid.NewGuid():N}.new";
        try
        {
            Directory.CreateDirectory(folder);
            using (var zip = new ZipArchive(File.Create(written), ZipArchiveMode.Create, leaveOpen: false, Encoding.UTF8))
            {
                Add(zip, bundleFolder);
                if (dsymFolder is not null)
                {
                    Add(zip, dsymFolder);
                }
            }

            File.Move(written, target, overwrite: true);
            return target;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InfrastructureException($"The package {target} could not be written: {exception.Message}", exception);
        }
        finally
        {
            File.Delete(written);
        }
    }

    /// <exception cref="InfrastructureException">It is one.</exception>
    internal static void RefuseTestBuild(KextInfo info)
    {
        if (info.IsTestBuild)
        {
            throw new InfrastructureException(
                $"{info.Name}.kext is a build for tests and is not packed: "
                + "whoever may open its device on the machine that loads it could drive the test interface. "
                + "Build the normal variant and pack that.");
        }
    }

    private static void Add(ZipArchive zip, string folder)
    {
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var top = Path.GetFileName(root);
        var files = FolderWalk.Below(root)
            .Select(file => (File: file, Name: Path.Combine(top, Path.GetRelativePath(root, file.FullName)).Replace('\\', '/')))
            .Prepend((new DirectoryInfo(root), top))
            .OrderBy(entry => entry.Name, StringComparer.Ordinal);
        foreach (var (file, name) in files)
        {
            if (file.LinkTarget is not null)
            {
                throw new InfrastructureException(
                    $"{file.FullName} is a symbolic link and is not packed: kext loaders do not follow it. Put the file itself there.");
            }

            var isFolder = file is DirectoryInfo;
            var entry = zip.CreateEntry(isFolder ? name + "/" : name, CompressionLevel.Optimal);
            entry.LastWriteTime = EntryTime;
            // Upper half: st_mode as unzip restores it.
            entry.ExternalAttributes = (int)(((isFolder ? 0x4000u : 0x8000u) | (uint)Mode(file, isFolder)) << 16) | (isFolder ? 0x10 : 0);
            if (!isFolder)
            {
                using var content = entry.Open();
                using var source = ((FileInfo)file).OpenRead();
                source.CopyTo(content);
            }
        }
    }

    /// <summary>The file's bits, never writable by group and others: the loader would refuse the installed kext.</summary>
    private static UnixFileMode Mode(FileSystemInfo file, bool isFolder)
    {
        const UnixFileMode kept = (UnixFileMode)0b111_101_101;
        return OperatingSystem.IsWindows()
            ? (isFolder ? kept : (UnixFileMode)0b110_100_100)
            : file.UnixFileMode & kept;
    }
}
