namespace KextDev.Bundles;

/// <param name="Executable">Null when it is missing or could not be read; its reader's findings come in <paramref name="Reading"/>.</param>
/// <param name="Releases">Those that it must load on. Null: any will do, and what keeps it from others is a warning.</param>
/// <param name="NotRootOwned">Paths that are not owned by root:wheel (<see cref="FileOwners"/>); null where nobody looked.</param>
public sealed record KextCheckRequest(
    KextBundle Bundle,
    KextExecutable? Executable,
    IReadOnlyList<MacRelease>? Releases = null,
    IReadOnlyList<string>? NotRootOwned = null,
    IReadOnlyList<Finding>? Reading = null);

/// <param name="LoadsOn">The releases on which nothing that was found prevents the load, once it is installed as the notes say.</param>
/// <param name="Libraries">The OSBundleLibraries that serve the executable's imports; null without an executable.</param>
public sealed record KextCheckResult(
    IReadOnlyList<Finding> Findings, IReadOnlyList<MacRelease> LoadsOn, IReadOnlyDictionary<string, string>? Libraries)
{
    public bool HasErrors => Findings.Any(finding => finding.Severity == Severity.Error);

    /// <summary>The libraries as they stand in Info.plist.</summary>
    public string? LibrariesBlock => Libraries is null
        ? null
        : "\t<key>OSBundleLibraries</key>\n\t<dict>\n"
            + string.Concat(Libraries.OrderBy(library => library.Key, StringComparer.Ordinal)
                .Select(library => $"\t\t<key>{PlistWriter.Escaped(library.Key)}</key>\n"
                    + $"\t\t<string>{PlistWriter.Escaped(library.Value)}</string>\n"))
            + "\t</dict>\n";
}

/// <summary>Will it load? Judges a bundle offline, as the loaders of macOS 10.9 to 11 would. No system is asked, nothing is run.</summary>
public static class KextCheck
{
    public static KextCheckResult Run(KextCheckRequest request) => Run(request, KpiSymbols.Shipped);

    internal static KextCheckResult Run(KextCheckRequest request, KpiSymbols symbols)
    {
        var bundle = request.Bundle;
        var releases = request.Releases ?? MacRelease.All;
        var obstacles = new List<Obstacle>();
        AddForAll(bundle.Findings.Concat(request.Reading ?? []));
        AddForAll(bundle.PlugIns.SelectMany(plugIn => plugIn.Findings));
        if (bundle.Info is not null)
        {
            AddForAll(InfoChecks.Check(bundle, bundle.Info));
        }

        LibraryChecks? libraries = null;
        if (request.Executable is not null)
        {
            obstacles.AddRange(ExecutableChecks.Check(bundle, request.Executable, releases));
        }

        // Imports are those of the x86_64 code: without it nothing can be said of the libraries.
        if (request.Executable?.CpuTypes.Contains(KextExecutable.X86Processor) == true)
        {
            libraries = new LibraryChecks(bundle, request.Executable, releases, symbols);
            obstacles.AddRange(libraries.Check());
        }

        AddForAll(InstallChecks.Check(bundle, request.NotRootOwned));
        AddForAll(SignatureChecks.Check(bundle, request.Executable, releases));

        MacRelease[] loadsOn = [.. releases.Except(obstacles.SelectMany(obstacle => obstacle.Blocked))];
        // Nobody asked for the releases in the way: what stands there is worth a warning as long as others remain.
        var lenient = request.Releases is null && loadsOn.Length > 0;
        var findings = obstacles
            .Select(obstacle => lenient && obstacle.Blocked.Count > 0
                ? obstacle.Finding with { Severity = Severity.Warning }
                : obstacle.Finding)
            .OrderByDescending(finding => finding.Severity)
            .ThenBy(finding => finding.Code, StringComparer.Ordinal);
        return new KextCheckResult([.. findings], loadsOn, libraries?.Propose());

        void AddForAll(IEnumerable<Finding> found) => obstacles.AddRange(
            found.Select(finding => new Obstacle(finding, finding.Severity == Severity.Error ? releases : [])));
    }
}

/// <param name="Blocked">The releases on which the finding prevents the load.</param>
internal sealed record Obstacle(Finding Finding, IReadOnlyList<MacRelease> Blocked);
