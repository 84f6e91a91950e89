namespace KextDev.Guests.Debian;

/// <summary>One version of a package as the archive's signed index describes it.</summary>
/// <param name="Size">Bytes of the .deb file.</param>
/// <param name="Sha256">Of the .deb file, lower-case hexadecimal.</param>
public sealed record DebianPackage(string Name, string Version, string Architecture, long Size, string Sha256)
{
    /// <summary>The name that apt gives the downloaded file: a colon of the version is written as %3a.</summary>
    public string FileName => $"{Name}_{Version.Replace(":", "%3a", StringComparison.Ordinal)}_{Architecture}.deb";
}

/// <summary>The packages that an embedded guest is made of, chosen once so that kernel and headers stay a pair, whatever the archive does later.</summary>
/// <param name="KernelRelease">As uname -r tells it, such as "6.1.0-9-cloud-amd64".</param>
/// <param name="Guest">Kernel image, modules and programs of the guest.</param>
/// <param name="Headers">What a module for that kernel is built with.</param>
public sealed record PackageSelection(string KernelRelease, IReadOnlyList<DebianPackage> Guest, IReadOnlyList<DebianPackage> Headers)
{
    public IEnumerable<DebianPackage> All => Guest.Concat(Headers);
}
