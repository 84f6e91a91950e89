using KextDev.Processes;

namespace KextDev.Guests.Debian;

/// <summary>
/// Asks apt about packages and lets it download them, as any user and without changing the system.
/// Where the system's package lists are missing or stale, apt keeps lists of its own in a folder of ours.
/// </summary>
public sealed class Apt
{
    private readonly string _folder;
    private readonly Note _note;
    private bool _ownLists;

    /// <param name="folder">For apt's lists, when they are needed; absolute.</param>
    public Apt(string folder, Note note)
    {
        _folder = folder;
        _note = note;
        _ownLists = Directory.Exists(ListsFolder);
    }

    private string ListsFolder => Path.Combine(_folder, "lists");

    /// <summary>The candidate versions of some packages, in the order asked for; null for one that the lists do not know.</summary>
    public async Task<IReadOnlyList<PackageRecord?>> FindAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var result = await new HostCommand("apt-cache", [.. Options(), "show", "--no-all-versions", .. names]).TryRunAsync(cancellationToken);
        var found = PackageRecord.ParseAll(result.Output).GroupBy(record => record.Package.Name).ToDictionary(group => group.Key, group => group.First());
        return [.. names.Select(found.GetValueOrDefault)];
    }

    /// <summary>Fetches the lists afresh into our own folder.</summary>
    /// <exception cref="HostCommandException">apt's own words.</exception>
    /// <exception cref="DiskFullException"/>
    public async Task UpdateAsync(CancellationToken cancellationToken)
    {
        _note("Fetching Debian's package lists.");
        Directory.CreateDirectory(Path.Combine(ListsFolder, "partial"));
        Directory.CreateDirectory(Path.Combine(_folder, "cache", "archives", "partial"));
        _ownLists = true;
        await RunAsync(new HostCommand("apt-get", [.. Options(), "-o", "APT::Update::Error-Mode=any", "update"]), ListsFolder, cancellationToken);
    }

    /// <summary>Downloads the very versions into a folder; apt checks each against the signed index.</summary>
    /// <exception cref="HostCommandException">apt's own words; also when the archive has a version no longer.</exception>
    public async Task DownloadAsync(IReadOnlyList<DebianPackage> packages, string folder, CancellationToken cancellationToken)
    {
        var names = packages.Select(package => $"{package.Name}={package.Version}");
        await RunAsync(new HostCommand("apt-get", [.. Options(), "download", .. names]) { WorkingDirectory = folder }, folder, cancellationToken);
    }

    private static async Task RunAsync(HostCommand command, string folder, CancellationToken cancellationToken)
    {
        try
        {
            await command.RunAsync(cancellationToken);
        }
        catch (HostCommandException exception) when (DiskFullException.Explains(exception))
        {
            throw new DiskFullException(folder, exception);
        }
    }

    // As root, apt would change to a user who cannot write into our folder.
    private IEnumerable<string> Options() => _ownLists
        ? ["-q", "-o", "APT::Sandbox::User=root", "-o", $"Dir::State::Lists={ListsFolder}", "-o", $"Dir::Cache={Path.Combine(_folder, "cache")}"]
        : ["-q", "-o", "APT::Sandbox::User=root"];
}
