namespace KextDev.Bundles;

/// <summary>
/// OSBundleLibraries against the symbols that the executable imports, release by release. KC1201 to KC1210.
/// The kernel looks a symbol up by its name alone, in the libraries that are listed and in no others.
/// </summary>
internal sealed class LibraryChecks
{
    private const string KpiPrefix = "com.apple.kpi.";

    /// <summary>KPIs with their OSBundleCompatibleVersion (the same from 10.9 to 11), those to be preferred first.</summary>
    private static readonly OrderedDictionary<string, KextVersion> Kpis = new(StringComparer.Ordinal)
    {
        ["com.apple.kpi.bsd"] = KextVersion.Parse("8.0.0b1")!.Value,
        ["com.apple.kpi.mach"] = KextVersion.Parse("8.0.0d0")!.Value,
        ["com.apple.kpi.iokit"] = KextVersion.Parse("7.0")!.Value,
        ["com.apple.kpi.libkern"] = KextVersion.Parse("8.0.0d0")!.Value,
        ["com.apple.kpi.dsep"] = KextVersion.Parse("8.0.0b1")!.Value,
        ["com.apple.kpi.unsupported"] = KextVersion.Parse("8.0.0b1")!.Value,
        ["com.apple.kpi.private"] = KextVersion.Parse("8.0.0b1")!.Value,
    };

    private static readonly string[] Unsupported = ["com.apple.kpi.dsep", "com.apple.kpi.unsupported", "com.apple.kpi.private"];

    private readonly Dictionary<string, string> listed;
    private readonly List<string> otherLibraries;
    private readonly string where;
    private readonly IReadOnlyList<MacRelease> releases;
    private readonly List<(KextImport Import, IReadOnlyList<KpiSymbol> Exports)> imports;
    private readonly KpiSymbols symbols;
    private readonly bool testsWeakImports;

    public LibraryChecks(KextBundle bundle, KextExecutable executable, IReadOnlyList<MacRelease> releases, KpiSymbols symbols)
    {
        this.releases = releases;
        this.symbols = symbols;
        var key = bundle.Info?["OSBundleLibraries_x86_64"] is PlistDict ? "OSBundleLibraries_x86_64" : "OSBundleLibraries";
        where = $"{bundle.InfoPath}:{key}";
        listed = ((bundle.Info?[key] as PlistDict)?.Entries ?? new Dictionary<string, PlistValue>(StringComparer.Ordinal))
            .Where(entry => entry.Value is PlistText)
            .ToDictionary(entry => entry.Key, entry => ((PlistText)entry.Value).Value, StringComparer.Ordinal);
        otherLibraries = [.. listed.Keys.Where(library => !library.StartsWith(KpiPrefix, StringComparison.Ordinal))];
        imports = [.. executable.Imports.DistinctBy(import => import.Name).Select(import => (import, symbols.Find(import.Name)))];
        testsWeakImports = executable.Imports.Any(import => import.Name == "_gOSKextUnresolved");
    }

    public IEnumerable<Obstacle> Check()
    {
        var versions = CheckVersions().ToList();
        // Releases that the libraries' versions leave out are not looked at further.
        MacRelease[] meant = [.. releases.Except(versions.SelectMany(obstacle => obstacle.Blocked))];
        return [.. versions, .. CheckList(), .. CheckMissing(meant), .. CheckExistence(meant), .. CheckUnknown(), .. CheckUse()];
    }

    /// <summary>The smallest list that gives every import on the releases that can have it, with other kexts kept.</summary>
    public IReadOnlyDictionary<string, string> Propose()
    {
        var meant = releases.Except(CheckVersions().SelectMany(obstacle => obstacle.Blocked)).ToList();
        var possible = meant.Where(release => imports.TrueForAll(import =>
            import.Exports.Count == 0 || import.Import.Weak || Exporters(import.Exports, release).Any())).ToList();
        var covered = possible.Count > 0 ? possible : meant.Count > 0 ? meant : [.. releases];
        // What may be absent is served where it is public by now, not by each library that had it before.
        var newest = covered.Max(release => release.Darwin);
        var used = covered
            .SelectMany(release => imports
                .Where(import => !MayBeAbsent(import.Import) || release.Darwin == newest)
                .Select(import => Preferred(Exporters(import.Exports, release))))
            .OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
        var proposal = otherLibraries
            .Where(library => !library.StartsWith("com.apple.kernel", StringComparison.Ordinal))
            .ToDictionary(library => library, library => listed[library], StringComparer.Ordinal);
        if (used.Count == 0 && proposal.Count == 0)
        {
            used.Add("com.apple.kpi.libkern");
        }

        // 8.0.0 is served by every kernel that is checked; a later one keeps the kext from kernels that lack a symbol.
        var oldest = covered.Min(release => release.Darwin);
        var version = oldest <= MacRelease.All[0].Darwin ? "8.0.0" : $"{oldest}.0.0";
        foreach (var kpi in used)
        {
            proposal[kpi] = version;
        }

        return proposal;
    }

    private IEnumerable<Obstacle> CheckVersions()
    {
        foreach (var (library, text) in listed)
        {
            if (!Kpis.TryGetValue(library, out var compatible) || KextVersion.Parse(text) is not { } wanted)
            {
                continue;
            }

            if (wanted < compatible)
            {
                yield return new Obstacle(
                    Error("KC1206", $"{library} {text} is older than what any kernel serves ({compatible})", "Ask for 8.0.0."), releases);
                continue;
            }

            MacRelease[] older = [.. releases.Where(release => wanted.Major > release.Darwin)];
            if (older.Length > 0)
            {
                yield return new Obstacle(
                    Error("KC1206", $"{library} {text} is later than the kernel of {ReleaseNames.Of(older)}",
                        "Ask for 8.0.0 to load there."),
                    older);
            }

            if (releases.FirstOrDefault(release => release.Darwin == wanted.Major) is { } same
                && wanted > new KextVersion(wanted.Major))
            {
                yield return Remark(Severity.Warning, "KC1206", $"{library} {text} leaves out the first updates of {same}", "");
            }
        }
    }

    private IEnumerable<Obstacle> CheckList()
    {
        if (listed.Count == 0)
        {
            yield return new Obstacle(
                Error("KC1208", "no library is listed; a kext with code must list one", "Take the proposed block."), releases);
        }

        var old = otherLibraries.Where(library => library.StartsWith("com.apple.kernel", StringComparison.Ordinal)).ToList();
        if (old.Count > 0)
        {
            yield return new Obstacle(
                Error("KC1207", $"{ReleaseNames.List(old)} serves no 64-bit kext", "List com.apple.kpi.* libraries in its place."),
                releases);
        }

        foreach (var unknown in listed.Keys.Where(library =>
            library.StartsWith(KpiPrefix, StringComparison.Ordinal) && !Kpis.ContainsKey(library)))
        {
            yield return new Obstacle(
                Error("KC1209", $"there is no library {unknown}", $"The KPIs are {string.Join(", ", Kpis.Keys)}."), releases);
        }
    }

    /// <summary>Exported on the release, by libraries that are not listed.</summary>
    private IEnumerable<Obstacle> CheckMissing(IReadOnlyList<MacRelease> meant)
    {
        var missing = from release in meant
                      from import in imports
                      let exporters = Exporters(import.Exports, release).ToList()
                      where exporters.Count > 0 && !exporters.Exists(listed.ContainsKey)
                      select (Kpi: Preferred(exporters)!, import.Import, Release: release);
        foreach (var group in missing.GroupBy(entry => (entry.Kpi, MayBeAbsent: MayBeAbsent(entry.Import))))
        {
            MacRelease[] blocked = [.. group.Select(entry => entry.Release).Distinct()];
            var names = group.Select(entry => entry.Import.Name).ToHashSet(StringComparer.Ordinal);
            if (group.Key.MayBeAbsent)
            {
                yield return Remark(
                    Severity.Note, "KC1204",
                    $"{ReleaseNames.List(names)}, weakly imported, is absent on {ReleaseNames.Of(blocked)}, where {group.Key.Kpi}, which is not listed, exports it", "");
                continue;
            }

            yield return new Obstacle(
                Error("KC1201", $"{group.Key.Kpi} is not listed; it exports {ReleaseNames.List(names)} on {ReleaseNames.Of(blocked)}",
                    $"Add {group.Key.Kpi} to OSBundleLibraries."),
                blocked);
        }
    }

    private bool MayBeAbsent(KextImport import) => import.Weak && testsWeakImports;

    /// <summary>Known, and absent from a release or from some of its updates.</summary>
    private IEnumerable<Obstacle> CheckExistence(IReadOnlyList<MacRelease> meant)
    {
        var absent = from import in imports
                     where import.Exports.Count > 0
                     from release in meant
                     let presence = import.Exports.Max(export => symbols.Presence(export, release))
                     where presence != KpiPresence.Always
                     group release by (import.Import, Presence: presence, Range: Range(import.Exports)) into perSymbol
                     select (perSymbol.Key.Import, perSymbol.Key.Presence, perSymbol.Key.Range, Releases: perSymbol.ToArray());
        foreach (var group in absent.GroupBy(entry =>
            (entry.Presence, entry.Range, entry.Import.Weak, Releases: ReleaseNames.Of(entry.Releases))))
        {
            var names = ReleaseNames.List([.. group.Select(entry => entry.Import.Name)]);
            if (group.Key.Presence == KpiPresence.Sometimes)
            {
                yield return Remark(
                    Severity.Warning, "KC1203", $"some updates of {group.Key.Releases} do not export {names} ({group.Key.Range})",
                    "Ask for the library's version that has it, or import it weakly and test for it.");
            }
            else if (group.Key.Weak && testsWeakImports)
            {
                yield return Remark(Severity.Note, "KC1204", $"{names}, weakly imported, is absent on {group.Key.Releases}", "");
            }
            else
            {
                yield return new Obstacle(
                    Error(
                        group.Key.Weak ? "KC1204" : "KC1202",
                        group.Key.Weak
                            ? $"{names}, weakly imported, is absent on {group.Key.Releases} and the kext never tests for it"
                            : $"no KPI exports {names} on {group.Key.Releases} ({group.Key.Range})",
                        "Do without it there, or import it weakly and test by OSKextSymbolIsResolved()."),
                    group.First().Releases);
            }
        }
    }

    private IEnumerable<Obstacle> CheckUnknown()
    {
        var unknown = imports.Where(import => import.Exports.Count == 0).ToList();
        var names = ReleaseNames.List([.. unknown.Select(import => import.Import.Name)]);
        if (unknown.Count == 0)
        {
            yield break;
        }

        if (otherLibraries.Count > 0)
        {
            yield return Remark(
                Severity.Note, "KC1205", $"no KPI exports {names}; {ReleaseNames.List(otherLibraries)} must",
                "Check that library's own bundle.");
            yield break;
        }

        var weakly = testsWeakImports && unknown.TrueForAll(import => import.Import.Weak);
        yield return weakly
            ? Remark(Severity.Note, "KC1205", $"no KPI exports {names}, weakly imported", "")
            : new Obstacle(
                Error("KC1205", $"no KPI of macOS 10.9 to 11 exports {names}", "Define it in the kext, or list the kext that does."),
                releases);
    }

    private IEnumerable<Obstacle> CheckUse()
    {
        foreach (var kpi in listed.Keys.Where(Kpis.ContainsKey))
        {
            var used = imports.Where(import => import.Exports.Any(export => export.Kpi == kpi)).ToList();
            if (used.Count == 0 && listed.Count > 1)
            {
                yield return Remark(
                    Severity.Warning, "KC1210", $"{kpi} is listed and nothing is imported from it",
                    $"Take {kpi} out of OSBundleLibraries.");
            }
        }

        foreach (var kpi in Unsupported)
        {
            // What a supported KPI exports as well is no private use.
            var names = imports
                .Where(import => import.Exports.Count > 0 && Preferred(import.Exports.Select(export => export.Kpi)) == kpi)
                .Select(import => import.Import.Name)
                .ToList();
            if (names.Count > 0)
            {
                yield return Remark(
                    Severity.Warning,
                    "KC1211",
                    kpi == "com.apple.kpi.private"
                        ? $"{ReleaseNames.List(names)} {(names.Count == 1 ? "is" : "are")} exported by {kpi} alone, which is for Apple's kexts"
                        : $"{ReleaseNames.List(names)} {(names.Count == 1 ? "is" : "are")} exported by {kpi} alone, which may change with any release",
                    "Use bsd, mach, iokit or libkern where one of them serves.");
            }
        }
    }

    private static string? Preferred(IEnumerable<string> kpis) => kpis.OrderBy(Kpis.IndexOf).FirstOrDefault();

    private static string Range(IReadOnlyList<KpiSymbol> exports) => string.Join("; ", exports
        .OrderBy(export => Kpis.IndexOf(export.Kpi))
        .Select(export => $"{export.Kpi} of Darwin {export.First} to {export.Last}"));

    private IEnumerable<string> Exporters(IEnumerable<KpiSymbol> exports, MacRelease release) =>
        exports.Where(export => symbols.Presence(export, release) != KpiPresence.Never).Select(export => export.Kpi);

    private Finding Error(string code, string message, string fix) => new(Severity.Error, code, message, where, fix);

    private Obstacle Remark(Severity severity, string code, string message, string fix) =>
        new(new Finding(severity, code, message, where, fix), []);
}
