using KextDev.Bundles;
using KextDev.MachO;

namespace KextDev.Symbols;

/// <summary>The debug information that there is: what lies in some folders, of any depth. Links are not followed.</summary>
/// <param name="paths">Folders; a dSYM or a .ko file will do as well.</param>
public sealed class SymbolFolders(IReadOnlyList<string> paths)
{
    private IReadOnlyList<DwarfFile>? _dwarfs;
    private IReadOnlyList<string>? _modules;

    /// <summary>For people: where was searched.</summary>
    public string Description => string.Join(", ", paths);

    /// <summary>Those within dSYMs.</summary>
    internal IReadOnlyList<DwarfFile> Dwarfs => _dwarfs ??= [.. Files().Where(DwarfFile.IsWithinDsym).Select(DwarfFile.Read).OfType<DwarfFile>()];

    /// <summary>Full paths of the .ko files of a module.</summary>
    internal IReadOnlyList<string> ModulesNamed(string module) =>
        // The kernel's names have no dashes.
        [.. (_modules ??= [.. Files().Where(IsModule)]).Where(path => Path.GetFileName(path).Split('.')[0].Replace('-', '_') == module)];

    private static bool IsModule(string path) =>
        path.EndsWith(".ko", StringComparison.Ordinal) || path.EndsWith(".ko.debug", StringComparison.Ordinal);

    private IEnumerable<string> Files()
    {
        foreach (var path in paths.Where(Path.Exists).Select(Path.GetFullPath))
        {
            var files = File.Exists(path) ? [path] : FolderWalk.Below(path).Where(found => found is FileInfo { LinkTarget: null }).Select(found => found.FullName);
            foreach (var file in files)
            {
                yield return file;
            }
        }
    }
}

/// <summary>The debug information of a Mach-O file.</summary>
/// <param name="Path">Full path of the file within the dSYM.</param>
/// <param name="Identity">What its executable has as well.</param>
internal sealed record DwarfFile(string Path, MachOIdentity Identity)
{
    public static bool IsWithinDsym(string path) =>
        System.IO.Path.GetDirectoryName(path) is { } folder && folder.EndsWith(System.IO.Path.Combine("Contents", "Resources", "DWARF"), StringComparison.Ordinal);

    /// <returns>Null for what is no Mach-O file with a UUID, or cannot be read.</returns>
    public static DwarfFile? Read(string path)
    {
        try
        {
            return MachOIdentity.Read(path) is { } identity ? new DwarfFile(path, identity) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether it was made for an extension of that identifier, in whichever build: by the bundle beside the dSYM, or by its name where there is none.</summary>
    public bool IsOf(string identifier)
    {
        // DSYM/Contents/Resources/DWARF/NAME
        var dsym = System.IO.Path.GetFullPath(System.IO.Path.Combine(Path, "..", "..", "..", ".."));
        var bundle = System.IO.Path.ChangeExtension(dsym, null);
        return Directory.Exists(bundle)
            ? KextBundle.Read(bundle).Identifier == identifier
            : System.IO.Path.GetFileName(Path) == identifier[(identifier.LastIndexOf('.') + 1)..];
    }
}
