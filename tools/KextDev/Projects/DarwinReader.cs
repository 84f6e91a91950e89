using System.Text.RegularExpressions;
using KextDev.Bundles;

namespace KextDev.Projects;

/// <summary>platforms.darwin: from what it says to what it means, or to the line that makes no sense.</summary>
/// <param name="checkName">Refuses what cannot be a file's name; takes the key path first.</param>
/// <param name="resolve">A path of the manifest as a full one, refused when it leads out of the manifest's folder.</param>
/// <param name="readLog">A log channel's name that makes sense; takes the platform's key path first.</param>
internal sealed partial class DarwinReader(
    Located<ProjectManifest> located, DarwinManifest? manifest, Action<string, string> checkName, Func<string, string, string> resolve, Func<string, string?, string?> readLog)
{
    private const string Path = "platforms.darwin";

    /// <summary>kmod_info has 64 bytes for each, with the closing zero.</summary>
    private const int LongestIdentifier = 63;

    public DarwinExtension? Read()
    {
        if (manifest is null)
        {
            return null;
        }

        CheckVariants(manifest);
        if (manifest.Start is null != manifest.Stop is null)
        {
            throw located.Problem(
                $"{Path}.{(manifest.Start is null ? "stop" : "start")}",
                "\"start\" and \"stop\" belong together. Name both functions, or, for an IOKit driver, neither.");
        }

        return new DarwinExtension(ReadInfo(manifest), Sources(manifest))
        {
            Guest = manifest.Guest,
            Log = readLog(Path, manifest.Log),
            Include = [.. (manifest.Include ?? []).Select((folder, index) => Folder($"{Path}.include[{index}]", folder))],
            Headers = manifest.Headers is null ? null : Folder($"{Path}.headers", manifest.Headers),
            Flags = manifest.Flags ?? [],
            Start = Function("start", manifest.Start),
            Stop = Function("stop", manifest.Stop),
            DeploymentTarget = Target(manifest),
            Releases = Releases(manifest),
            Variants = manifest.Variants,
            DefaultVariant = manifest.Variants.GetAt(0).Key,
        };
    }

    private KextInfo ReadInfo(DarwinManifest darwin)
    {
        var name = darwin.Bundle ?? located.Value.Name;
        checkName($"{Path}.bundle", name);
        if (darwin.Identifier.Length > LongestIdentifier || !Identifier().IsMatch(darwin.Identifier))
        {
            throw located.Problem(
                $"{Path}.identifier",
                $"'{darwin.Identifier}' cannot be a bundle's identifier. "
                + $"Use a reverse domain name such as com.example.mykext: up to {LongestIdentifier} letters, digits, '-' and '.'.");
        }

        foreach (var (library, version) in darwin.Libraries)
        {
            CheckVersion($"{Path}.libraries.{library}", version);
        }

        return new KextInfo(name, darwin.Identifier, CheckVersion($"{Path}.version", darwin.Version), darwin.Libraries)
        {
            Copyright = darwin.Copyright ?? "",
            RequiredAt = darwin.RequiredAt switch
            {
                null => null,
                RequiredAtManifest.LocalRoot => "Local-Root",
                RequiredAtManifest.NetworkRoot => "Network-Root",
                RequiredAtManifest.SafeBoot => "Safe Boot",
                var moment => moment.ToString(),
            },
            CompatibleVersion = darwin.CompatibleVersion is { } compatible ? CheckVersion($"{Path}.compatibleVersion", compatible) : null,
            Personalities = darwin.Personalities is { } personalities
                ? new PlistDict(new PlistFromJson(located, $"{Path}.personalities").Read(personalities))
                : null,
            Further = new PlistFromJson(located, $"{Path}.info").Read(darwin.Info),
        };
    }

    private void CheckVariants(DarwinManifest darwin)
    {
        if (darwin.Variants.Count == 0)
        {
            throw located.Problem($"{Path}.variants", "no variant is declared. Declare at least one, such as \"normal\": [].");
        }

        foreach (var name in darwin.Variants.Keys)
        {
            checkName($"{Path}.variants.{name}", name);
        }
    }

    private List<string> Sources(DarwinManifest darwin)
    {
        var sources = darwin.Sources.SelectMany((pattern, index) => Files($"{Path}.sources[{index}]", pattern))
            .Distinct(StringComparer.Ordinal).ToList();
        return sources.Count > 0
            ? sources
            : throw located.Problem($"{Path}.sources", "no source is named. Name files, or patterns such as \"darwin/*.c\".");
    }

    private IReadOnlyList<string> Files(string keyPath, string pattern)
    {
        if (!Source().IsMatch(pattern))
        {
            throw located.Problem(keyPath, $"'{pattern}' is no C or C++ source: its name must end in .c, .cc, .cpp or .cxx.");
        }

        var files = SourcePattern.Find(resolve(keyPath, pattern));
        return files.Count > 0
            ? files
            : throw located.Problem(
                keyPath,
                SourcePattern.IsPattern(pattern)
                    ? $"no file matches {pattern}. {ProjectReader.PathsAreRelative}"
                    : $"the source {pattern} does not exist. {ProjectReader.PathsAreRelative}");
    }

    // Headers may be shared: nothing is built beside them.
    private string Folder(string keyPath, string folder) =>
        System.IO.Path.GetFullPath(folder, System.IO.Path.GetDirectoryName(located.File)!) is var full && Directory.Exists(full)
        ? System.IO.Path.TrimEndingDirectorySeparator(full)
        : throw located.Problem(keyPath, $"the folder {folder} does not exist. {ProjectReader.PathsAreRelative}");

    private string? Function(string key, string? name) => name is null || CName().IsMatch(name)
        ? name
        : throw located.Problem($"{Path}.{key}", $"'{name}' cannot be a C function's name.");

    private string CheckVersion(string keyPath, string version) => KextVersion.Parse(version) is not null
        ? version
        : throw located.Problem(
            keyPath,
            $"'{version}' is no version that a kext may have. "
            + "Write up to three numbers, such as 1.2.3, and a stage where it is no release: 1.0.0d1, 2.1b3.");

    private string Target(DarwinManifest darwin) => MacVersion().IsMatch(darwin.DeploymentTarget)
        ? darwin.DeploymentTarget
        : throw located.Problem($"{Path}.deploymentTarget", $"'{darwin.DeploymentTarget}' is no macOS version. Write one such as 10.13 or 11.0.");

    private IReadOnlyList<MacRelease> Releases(DarwinManifest darwin)
    {
        var parts = darwin.DeploymentTarget.Split('.');
        var ofTarget = parts[0] == "10" ? $"10.{parts.ElementAtOrDefault(1)}" : parts[0];
        var (key, name) = darwin.MinimumRelease is null ? ("deploymentTarget", ofTarget) : ("minimumRelease", darwin.MinimumRelease);
        var known = MacRelease.All.Select(release => release.Name).ToList();
        return MacRelease.Parse(name) is { } minimum
            ? [.. MacRelease.All.Where(release => release.Darwin >= minimum.Darwin)]
            : throw located.Problem(
                $"{Path}.{key}",
                $"what the kernel of macOS '{name}' takes is not known. Known: {string.Join(", ", known)}.{ClosestMatch.Question(name, known)}");
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9_-]+)+\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\.(c|cc|cpp|cxx)\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Source();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CName();

    [GeneratedRegex(@"\A[1-9][0-9](\.[0-9]{1,2}){0,2}\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MacVersion();
}
