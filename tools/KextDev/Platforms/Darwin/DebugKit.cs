using System.Text.RegularExpressions;

namespace KextDev.Platforms.Darwin;

/// <summary>Apple's Kernel Debug Kit on this host: kernels with their symbols, for one build of macOS.</summary>
/// <param name="Folder">KDK_10.15.7_19H15.kdk, or wherever its System/Library/Kernels lie.</param>
/// <param name="Build">Of the macOS that it is for, from the folder's name; null where that does not tell.</param>
/// <param name="Suffixes">Of its kernels' names: "development", "debug", "kasan".</param>
public sealed partial record DebugKit(string Folder, string? Build, IReadOnlyList<string> Suffixes)
{
    /// <summary>Where Apple's installers put kits.</summary>
    public const string InstalledFolder = "/Library/Developer/KDKs";

    private const string Kernels = "System/Library/Kernels";
    private const string Prefix = "kernel.";

    /// <exception cref="InfrastructureException">There are no kernels in it.</exception>
    public static DebugKit Open(string folder)
    {
        var kernels = Path.Combine(folder, Kernels);
        var suffixes = Directory.Exists(kernels)
            ? Directory.EnumerateFiles(kernels).Select(file => Path.GetFileName(file)).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Where(suffix => Suffix().IsMatch(suffix)).Order(StringComparer.Ordinal).ToList()
            : [];
        return suffixes.Count > 0
            ? new DebugKit(folder, BuildOf().Match(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))) is { Success: true } match ? match.Groups["build"].Value : null, suffixes)
            : throw new InfrastructureException(
                $"{folder} is no Kernel Debug Kit: it has no {Kernels}/{Prefix}development or the like. Name the kit's folder, KDK_VERSION_BUILD.kdk, which its installer puts below /Library/Developer/KDKs.");
    }

    /// <summary>All its kernels, the one without a suffix among them where it is there.</summary>
    public IEnumerable<string> KernelFiles =>
        ((string[])["kernel", .. Suffixes.Select(suffix => Prefix + suffix)]).Select(name => Path.Combine(Folder, Kernels, name)).Where(File.Exists);

    /// <summary>The kits that are installed on this host, the newest name first.</summary>
    /// <param name="folder">Where; it need not exist.</param>
    public static IReadOnlyList<DebugKit> FindInstalled(string folder = InstalledFolder) =>
        Directory.Exists(folder)
            ? [.. Directory.EnumerateDirectories(folder, "*.kdk").OrderDescending(StringComparer.Ordinal).Where(kit => Directory.Exists(Path.Combine(kit, Kernels))).Select(Open)]
            : [];

    /// <summary>The kernel of a suffix.</summary>
    /// <exception cref="InfrastructureException">The kit has none, or is for another macOS.</exception>
    public string KernelFor(SwVers system, string suffix)
    {
        if (Build is not null && Build != system.Build)
        {
            throw new InfrastructureException($"The debug kit {Folder} is for build {Build} of macOS, and the guest runs {system}: its kernel would not start there. Take the kit of build {system.Build}.");
        }

        return Suffixes.Contains(suffix, StringComparer.Ordinal)
            ? Path.Combine(Folder, Kernels, Prefix + suffix)
            : throw new InfrastructureException($"The debug kit {Folder} has no kernel.{suffix}. It has: {string.Join(", ", Suffixes.Select(one => Prefix + one))}.");
    }

    [GeneratedRegex(@"\AKDK_[0-9.]{1,20}_(?<build>[0-9A-Za-z]{1,12})\.kdk\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BuildOf();

    [GeneratedRegex(@"\A[a-z]{1,20}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Suffix();
}
