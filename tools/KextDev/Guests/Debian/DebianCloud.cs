namespace KextDev.Guests.Debian;

/// <summary>Chooses the packages of the recipe "debian-cloud" from what the archive offers today.</summary>
public sealed class DebianCloud(Apt apt)
{
    private const string KernelPackage = "linux-image-cloud-amd64";
    private const string HeadersPackage = "linux-headers-cloud-amd64";
    private const string ImagePrefix = "linux-image-";

    /// <summary>Programs of the guest and the libraries that they are linked with.</summary>
    private static readonly string[] Programs =
    [
        "busybox-static", "dash", "dropbear-bin", "openssh-sftp-server", "libc6", "libcrypt1", "libtomcrypt1", "libtommath1", "libgmp10", "zlib1g",
    ];

    /// <exception cref="InfrastructureException">A package is in no list, or kernel and headers are not of one version.</exception>
    public async Task<PackageSelection> SelectAsync(CancellationToken cancellationToken)
    {
        var top = await RequireAsync([KernelPackage, HeadersPackage, .. Programs], cancellationToken);
        var imageName = Dependency(top[0], ImagePrefix);
        var headersName = Dependency(top[1], "linux-headers-");
        var parts = await RequireAsync([imageName, headersName], cancellationToken);
        var (image, headers) = (parts[0], parts[1]);
        if (image.Package.Version != headers.Package.Version)
        {
            throw new InfrastructureException(
                $"The kernel {imageName} is of version {image.Package.Version}, its headers {headersName} of {headers.Package.Version}: "
                + "a module built with these would not load. The archive is being updated; try again later.");
        }

        var common = await RequireAsync([Dependency(headers, "linux-headers-"), Dependency(headers, "linux-kbuild-")], cancellationToken);
        return new PackageSelection(
            imageName[ImagePrefix.Length..],
            [image.Package, .. top.Skip(2).Select(record => record.Package)],
            [headers.Package, .. common.Select(record => record.Package)]);
    }

    private async Task<IReadOnlyList<PackageRecord>> RequireAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var found = await apt.FindAsync(names, cancellationToken);
        var missing = names.Where((_, index) => found[index] is null).ToList();
        return missing.Count == 0
            ? [.. found.OfType<PackageRecord>()]
            : throw new PackagesUnknownException(missing);
    }

    private static string Dependency(PackageRecord record, string prefix) =>
        record.Depends.FirstOrDefault(name => name.StartsWith(prefix, StringComparison.Ordinal))
        ?? throw new InfrastructureException($"{record.Package.Name} {record.Package.Version} depends on no {prefix}... package, as it does on Debian.");
}

/// <summary>apt's lists do not have a package: they are empty, or no archive of Debian is among the system's sources.</summary>
public sealed class PackagesUnknownException(IReadOnlyList<string> names) : InfrastructureException(
    $"apt knows no package {string.Join(", ", names)}: no Debian archive for amd64 is among the sources of /etc/apt, or its lists could not be fetched. "
    + "The embedded guest needs a Debian host; add the archive to /etc/apt/sources.list and try again.");
