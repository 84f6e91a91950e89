using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KextDev.Processes;

namespace KextDev.Guests.Debian;

/// <summary>
/// Downloaded packages, and folders that some of them were unpacked into. The first use chooses the versions and writes them down;
/// later uses take the same ones and need no network. Unfinished downloads and folders carry names of their own and are thrown away.
/// </summary>
/// <param name="folder">Absolute path of .kextdev/cache.</param>
public sealed class PackageCache(string folder, Note note)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private const string Unfinished = ".unfinished";

    /// <summary>Its number goes up when <see cref="DebianCloud"/> chooses other packages: what was chosen before lacks some.</summary>
    public const string SelectionName = "selection-2.json";

    private string PackagesFolder => Path.Combine(folder, "packages");

    private string SelectionFile => Path.Combine(PackagesFolder, SelectionName);

    /// <summary>The chosen packages, all of them at hand.</summary>
    /// <param name="refresh">Chooses afresh, from lists fetched afresh.</param>
    public async Task<PackageSelection> GetSelectionAsync(bool refresh, CancellationToken cancellationToken)
    {
        if (!refresh && ReadSelection() is { } known && known.All.All(IsDownloaded))
        {
            return known;
        }

        using var held = await FolderLock.TakeAsync(PackagesFolder, note, cancellationToken);
        RemoveUnfinished(PackagesFolder);
        var apt = new Apt(Path.Combine(folder, "apt"), note);
        var selection = await RenewAsync(refresh ? null : ReadSelection(), refresh, apt, cancellationToken);
        AtomicFile.Write(SelectionFile, stream => JsonSerializer.Serialize(stream, selection, Json));
        return selection;
    }

    /// <summary>A folder with the content of these packages together, as dpkg would install them. Never write into it.</summary>
    public async Task<string> GetRootAsync(IReadOnlyList<DebianPackage> packages, CancellationToken cancellationToken)
    {
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', packages.Select(package => package.Sha256)))));
        var roots = Path.Combine(folder, "roots");
        var root = Path.Combine(roots, key[..16]);
        if (Directory.Exists(root))
        {
            return root;
        }

        using var held = await FolderLock.TakeAsync(roots, note, cancellationToken);
        if (Directory.Exists(root))
        {
            return root;
        }

        RemoveUnfinished(roots);
        note($"Unpacking {string.Join(", ", packages.Select(package => package.Name))}.");
        var unfinished = root + Unfinished;
        try
        {
            await UnpackAsync(packages, unfinished, cancellationToken);
        }
        catch (HostCommandException exception) when (DiskFullException.Explains(exception))
        {
            Directory.Delete(unfinished, recursive: true);
            throw new DiskFullException(unfinished, exception);
        }

        Directory.Move(unfinished, root);
        return root;
    }

    private async Task UnpackAsync(IReadOnlyList<DebianPackage> packages, string root, CancellationToken cancellationToken)
    {
        foreach (var package in packages)
        {
            if (!await IsIntactAsync(package, cancellationToken))
            {
                await ReplaceAsync(package, cancellationToken);
            }

            await new HostCommand("dpkg-deb", "-x", PathOf(package), root).RunAsync(cancellationToken);
        }

        // The rename that follows must not reach the disk before the content does.
        await new HostCommand("sync", "-f", root).RunAsync(cancellationToken);
    }

    private async Task<PackageSelection> RenewAsync(PackageSelection? known, bool refresh, Apt apt, CancellationToken cancellationToken)
    {
        if (known is not null)
        {
            try
            {
                await DownloadAsync(known, apt, cancellationToken);
                return known;
            }
            catch (HostCommandException)
            {
                note($"A package of {known.KernelRelease} is neither in the cache nor in the archive any longer: choosing afresh.");
            }
        }

        if (!refresh)
        {
            // The system's own lists save fetching ours; they may be missing, or so old that what they name is gone.
            try
            {
                var listed = await new DebianCloud(apt).SelectAsync(cancellationToken);
                await DownloadAsync(listed, apt, cancellationToken);
                return listed;
            }
            catch (Exception exception) when (exception is PackagesUnknownException or HostCommandException)
            {
                note("The system's package lists are missing or old.");
            }
        }

        await apt.UpdateAsync(cancellationToken);
        var selection = await new DebianCloud(apt).SelectAsync(cancellationToken);
        await DownloadAsync(selection, apt, cancellationToken);
        return selection;
    }

    private async Task DownloadAsync(PackageSelection selection, Apt apt, CancellationToken cancellationToken)
    {
        var missing = selection.All.Where(package => !IsDownloaded(package)).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        note($"Downloading {missing.Count} Debian packages ({missing.Sum(package => package.Size) / 1_000_000} MB) with kernel {selection.KernelRelease}.");
        await FetchAsync(missing, apt, cancellationToken);
    }

    private async Task FetchAsync(IReadOnlyList<DebianPackage> packages, Apt apt, CancellationToken cancellationToken)
    {
        var unfinished = Directory.CreateDirectory(Path.Combine(PackagesFolder, "download" + Unfinished)).FullName;
        await apt.DownloadAsync(packages, unfinished, cancellationToken);
        foreach (var package in packages)
        {
            File.Move(Path.Combine(unfinished, package.FileName), PathOf(package), overwrite: true);
        }

        Directory.Delete(unfinished, recursive: true);
    }

    // apt checked what it wrote; this finds what happened to the file since.
    private async Task<bool> IsIntactAsync(DebianPackage package, CancellationToken cancellationToken)
    {
        if (!IsDownloaded(package))
        {
            return false;
        }

        await using var stream = File.OpenRead(PathOf(package));
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken)) == package.Sha256;
    }

    private async Task ReplaceAsync(DebianPackage package, CancellationToken cancellationToken)
    {
        note($"The cached package {package.FileName} is damaged: downloading it again.");
        using var held = await FolderLock.TakeAsync(PackagesFolder, note, cancellationToken);
        await FetchAsync([package], new Apt(Path.Combine(folder, "apt"), note), cancellationToken);
        if (!await IsIntactAsync(package, cancellationToken))
        {
            throw new InfrastructureException(
                $"The package {package.FileName} came again with another content than its SHA-256 {package.Sha256} tells. "
                + $"Remove {SelectionFile}, so that packages are chosen afresh.");
        }
    }

    private PackageSelection? ReadSelection()
    {
        try
        {
            using var stream = File.OpenRead(SelectionFile);
            var selection = JsonSerializer.Deserialize<PackageSelection>(stream, Json);
            return selection is { Guest: not null, Headers: not null, KernelRelease: not null } ? selection : null;
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    private bool IsDownloaded(DebianPackage package) => new FileInfo(PathOf(package)) is { Exists: true } file && file.Length == package.Size;

    private string PathOf(DebianPackage package) => Path.Combine(PackagesFolder, package.FileName);

    private static void RemoveUnfinished(string parent)
    {
        foreach (var unfinished in Directory.EnumerateFileSystemEntries(parent, "*" + Unfinished))
        {
            if (Directory.Exists(unfinished))
            {
                Directory.Delete(unfinished, recursive: true);
            }
            else
            {
                File.Delete(unfinished);
            }
        }
    }
}
