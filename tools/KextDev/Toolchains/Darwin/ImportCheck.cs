using KextDev.Bundles;
using KextDev.MachO;
using KextDev.Projects;

namespace KextDev.Toolchains.Darwin;

/// <summary>
/// What ordinary linkers call an undefined symbol. A kext's linker leaves it to the kernel, which refuses the kext; here every import must
/// be exported by a library that the manifest names.
/// </summary>
internal static class ImportCheck
{
    /// <returns>A line for each symbol that nobody provides, as compilers print errors.</returns>
    public static IReadOnlyList<string> Run(DarwinExtension extension, MachOFile executable, IReadOnlyList<KextObject> objects)
    {
        // What another kext exports is known to nobody here.
        var knowsAll = extension.Info.Libraries.Keys.All(library => library.StartsWith("com.apple.kpi.", StringComparison.Ordinal));
        var missing = executable.Imports.Where(import => !import.IsWeak).Select(import => import.Name).Distinct(StringComparer.Ordinal)
            .Select(name => (Name: name, Exports: KpiSymbols.Shipped.Find(name)))
            .Where(import => (import.Exports.Count > 0 || knowsAll) && !import.Exports.Any(export => Serves(export, extension)))
            .ToList();
        if (missing.Count == 0)
        {
            return [];
        }

        var users = Users(objects);
        return [.. missing.Select(import => Line(import.Name, import.Exports, users[import.Name].ToList(), extension))];
    }

    private static bool Serves(KpiSymbol export, DarwinExtension extension) =>
        extension.Info.Libraries.ContainsKey(export.Kpi) && IsLater(export, extension);

    private static bool IsLater(KpiSymbol export, DarwinExtension extension) =>
        extension.Releases.Any(release => KpiSymbols.Shipped.Presence(export, release) != KpiPresence.Never);

    private static string Line(string name, IReadOnlyList<KpiSymbol> exports, List<string> users, DarwinExtension extension)
    {
        var later = exports.Where(export => IsLater(export, extension)).Select(export => export.Kpi)
            .Distinct(StringComparer.Ordinal).ToList();
        var why =
            later.Count > 1 ? $"{string.Join(" and ", later)} export it, and platforms.darwin.libraries names none of them"
            : later.Count > 0 ? $"{later[0]} exports it, and platforms.darwin.libraries does not name it"
            : exports.Count > 0 ? $"{exports[0].Kpi} exports it up to Darwin {exports[^1].Last} only"
            : "no source defines it and no KPI exports it."
                + ClosestMatch.Question(name, KpiSymbols.Shipped.Symbols.Select(symbol => symbol.Name)).TrimEnd();
        return $"{(users.Count > 0 ? users[0] : extension.Info.Name)}: error: undefined symbol {name}: {why}"
            + (users.Count > 1 ? $" (also referenced from {string.Join(", ", users.Skip(1))})" : "");
    }

    private static ILookup<string, string> Users(IReadOnlyList<KextObject> objects) =>
        (from made in objects
         let file = MachOReader.Read(File.ReadAllBytes(made.Path), made.Path).File
         where file is not null
         from import in file.Imports
         select (import.Name, made.Source)).ToLookup(use => use.Name, use => use.Source, StringComparer.Ordinal);
}
