using System.Text;

namespace KextDev.Bundles;

public enum BundleLayout
{
    /// <summary>Everything under Contents/.</summary>
    Modern,

    /// <summary>Info.plist and the executable directly in the bundle, as old kexts and the system's symbol sets have it.</summary>
    Flat,
}

/// <param name="Path">Relative to the bundle, with '/'; "" is the bundle itself.</param>
/// <param name="Mode">Unix permission bits; null on a host without them.</param>
public sealed record BundleFile(string Path, UnixFileMode? Mode, bool IsFolder, bool IsLink);

/// <summary>A kernel extension's bundle, read from or written to a disk.</summary>
/// <param name="Folder">Absolute path of NAME.kext.</param>
/// <param name="Info">Null when Info.plist is missing or malformed; the findings say which.</param>
/// <param name="ExecutablePath">Absolute; null when the bundle names none or it is missing.</param>
/// <param name="Files">Everything inside in ordinal order, links unfollowed, the plug-ins' files too.</param>
/// <param name="PlugIns">The kexts of PlugIns/, read one level deep: the loader knows no deeper ones.</param>
public sealed record KextBundle(
    string Folder,
    BundleLayout Layout,
    PlistDict? Info,
    string? ExecutablePath,
    IReadOnlyDictionary<string, string> Strings,
    IReadOnlyList<BundleFile> Files,
    IReadOnlyList<KextBundle> PlugIns,
    IReadOnlyList<Finding> Findings)
{
    private const UnixFileMode FolderMode = (UnixFileMode)0b111_101_101;
    private const UnixFileMode ProgramMode = (UnixFileMode)0b111_101_101;
    private const UnixFileMode FileMode = (UnixFileMode)0b110_100_100;

    /// <summary>More files than any kext has; a bundle path that names a whole disk is refused.</summary>
    private const int MostFiles = 20_000;

    public string Name => Path.GetFileNameWithoutExtension(Folder);

    public string? Identifier => Info?.TextOf("CFBundleIdentifier");

    /// <summary>Where Info.plist lies, relative to the bundle.</summary>
    public string InfoPath => Layout == BundleLayout.Modern ? "Contents/Info.plist" : "Info.plist";

    /// <summary>Whether codesign sealed the bundle's resources. The executable's own signature is in its load commands.</summary>
    public bool HasSealedResources => HasOwnFile("_CodeSignature/CodeResources");

    /// <summary>Whether the executable's signature lies in a file beside it: so are those of executables that an older codesign could not extend.</summary>
    public bool HasDetachedSignature => HasOwnFile("_CodeSignature/CodeSignature");

    /// <exception cref="InfrastructureException">There is no such folder, or it cannot be read.</exception>
    public static KextBundle Read(string folder) => Read(System.IO.Path.GetFullPath(folder), withPlugIns: true);

    /// <summary>Writes NAME.kext into a folder, whole or not at all, in place of an older one. Equal input gives equal files.</summary>
    /// <param name="executable">The Mach-O file's bytes.</param>
    /// <exception cref="InfrastructureException">The disk refused.</exception>
    public static KextBundle Create(string folder, KextInfo info, ReadOnlyMemory<byte> executable)
    {
        RefuseBadName(info.Name);
        RefuseBadName(info.ExecutableName);
        RefuseBadName(info.DevelopmentRegion);
        var target = System.IO.Path.Combine(System.IO.Path.GetFullPath(folder), info.Name + ".kext");
        AtomicFolder.Write(target, written =>
        {
            Write(written, "Contents/Info.plist", Encoding.UTF8.GetBytes(PlistWriter.WriteXml(info.ToPlist())), FileMode);
            Write(written, $"Contents/MacOS/{info.ExecutableName}", executable.Span, ProgramMode);
            Write(
                written,
                $"Contents/Resources/{info.DevelopmentRegion}.lproj/InfoPlist.strings",
                Encoding.UTF8.GetBytes(StringsFile.Write(info.ToStrings())),
                FileMode);
            foreach (var inner in Directory.EnumerateDirectories(written, "*", SearchOption.AllDirectories).Append(written))
            {
                SetMode(inner, FolderMode);
            }
        });
        return Read(target);
    }

    private bool HasOwnFile(string path) => Files.Any(file => file.Path.EndsWith(path, StringComparison.Ordinal)
        && !file.Path.Contains("PlugIns/", StringComparison.Ordinal));

    private static KextBundle Read(string folder, bool withPlugIns)
    {
        var findings = new List<Finding>();
        var files = List(folder);
        var layout = Directory.Exists(System.IO.Path.Combine(folder, "Contents")) ? BundleLayout.Modern : BundleLayout.Flat;
        var root = layout == BundleLayout.Modern ? System.IO.Path.Combine(folder, "Contents") : folder;
        var info = ReadInfo(System.IO.Path.Combine(root, "Info.plist"), findings);
        return new KextBundle(
            folder,
            layout,
            info,
            FindExecutable(root, layout, info),
            ReadStrings(root, info, findings),
            files,
            withPlugIns ? ReadPlugIns(System.IO.Path.Combine(root, "PlugIns")) : [],
            findings);
    }

    private static List<BundleFile> List(string folder)
    {
        try
        {
            var files = new List<BundleFile> { Describe(folder, new DirectoryInfo(folder)) };
            if (!Directory.Exists(folder))
            {
                throw new DirectoryNotFoundException("there is no such folder.");
            }

            files.AddRange(FolderWalk.Below(folder)
                .Take(MostFiles)
                .Select(found => Describe(folder, found)));
            files.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
            return files;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InfrastructureException(
                $"The bundle {folder} cannot be read: {exception.Message} Name a folder that ends in .kext and that you may read.",
                exception);
        }
    }

    private static BundleFile Describe(string folder, FileSystemInfo found)
    {
        var relative = System.IO.Path.GetRelativePath(folder, found.FullName).Replace('\\', '/');
        var isLink = found.LinkTarget is not null;
        return new BundleFile(
            relative == "." ? "" : relative,
            OperatingSystem.IsWindows() ? null : found.UnixFileMode,
            IsFolder: !isLink && found is DirectoryInfo,
            isLink);
    }

    private static PlistDict? ReadInfo(string path, List<Finding> findings)
    {
        if (ReadFile(path) is not { } bytes)
        {
            findings.Add(new Finding(
                Severity.Error, "KC1001", "Info.plist is missing or unreadable", path, "Put it into Contents/, readable for everyone."));
            return null;
        }

        var reading = PlistReader.Read(bytes, path);
        findings.AddRange(reading.Findings);
        if (reading.Value is PlistDict info)
        {
            return info;
        }

        if (reading.Value is not null)
        {
            findings.Add(new Finding(
                Severity.Error, "KC1002", $"Info.plist holds a {reading.Value.Kind}", path, "Make its top value a dictionary."));
        }

        return null;
    }

    private static string? FindExecutable(string root, BundleLayout layout, PlistDict? info)
    {
        // A name with a separator would lead out of the bundle.
        if (info?.TextOf("CFBundleExecutable") is not { } name || name.Contains('/', StringComparison.Ordinal) || name is "" or "." or "..")
        {
            return null;
        }

        string[] places = layout == BundleLayout.Modern
            ? [System.IO.Path.Combine(root, "MacOS", name)]
            : [System.IO.Path.Combine(root, name), System.IO.Path.Combine(root, "MacOS", name)];
        return Array.Find(places, File.Exists);
    }

    private static IReadOnlyDictionary<string, string> ReadStrings(string root, PlistDict? info, List<Finding> findings)
    {
        var region = info?.TextOf("CFBundleDevelopmentRegion") ?? "en";
        string[] languages = region == "English" ? ["en", "English"] : [region, "en"];
        foreach (var language in languages.Where(language => !language.Contains('/', StringComparison.Ordinal)))
        {
            var path = System.IO.Path.Combine(root, "Resources", language + ".lproj", "InfoPlist.strings");
            if (ReadFile(path) is { } bytes)
            {
                var reading = StringsFile.Read(bytes, path);
                // The loader never looks at them: people read a wrong name at worst.
                findings.AddRange(reading.Findings.Select(finding => finding with { Severity = Severity.Warning }));
                return reading.Entries ?? new Dictionary<string, string>(StringComparer.Ordinal);
            }
        }

        return new Dictionary<string, string>(StringComparer.Ordinal);
    }

    private static List<KextBundle> ReadPlugIns(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateDirectories(folder, "*.kext")
            .Order(StringComparer.Ordinal)
            .Where(plugIn => new DirectoryInfo(plugIn).LinkTarget is null)
            .Select(plugIn => Read(plugIn, withPlugIns: false))]
        : [];

    private static byte[]? ReadFile(string path)
    {
        try
        {
            var file = new FileInfo(path);
            // One byte more than is read lets the reader say that it is too much.
            using var stream = file.OpenRead();
            var bytes = new byte[Math.Min(file.Length, PlistReader.LargestFile + 1)];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Write(string folder, string path, ReadOnlySpan<byte> bytes, UnixFileMode mode)
    {
        var file = System.IO.Path.Combine(folder, path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
        SetMode(file, mode);
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private static void RefuseBadName(string name)
    {
        if (name is "" or "." or ".." || name.AsSpan().IndexOfAny('/', '\\', '\0') >= 0)
        {
            throw new ArgumentException($"'{name}' cannot name a file of a bundle: it is empty or holds a separator.", nameof(name));
        }
    }
}
