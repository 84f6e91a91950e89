using System.IO.Enumeration;

namespace KextDev.Projects;

/// <summary>A path whose last part may hold '*' and '?'; a part "**" before it stands for any folder below.</summary>
internal static class SourcePattern
{
    private static readonly EnumerationOptions s_here = new() { MatchType = MatchType.Simple, MatchCasing = MatchCasing.CaseSensitive };

    public static bool IsPattern(string path) => path.AsSpan().ContainsAny('*', '?');

    /// <param name="path">A full path.</param>
    /// <returns>The files in ordinal order; none when the folder is missing. Names that begin with a dot are the tools' own.</returns>
    public static IReadOnlyList<string> Find(string path)
    {
        if (!IsPattern(path))
        {
            return File.Exists(path) ? [path] : [];
        }

        var folder = Path.GetDirectoryName(path)!;
        var deep = Path.GetFileName(folder) == "**";
        folder = deep ? Path.GetDirectoryName(folder)! : folder;
        return Directory.Exists(folder)
            ? [.. Folders(folder, deep).SelectMany(inner => Matching(inner, Path.GetFileName(path))).Order(StringComparer.Ordinal)]
            : [];
    }

    private static IEnumerable<string> Matching(string folder, string pattern) =>
        Directory.EnumerateFiles(folder, "*", s_here)
            .Where(file => Path.GetFileName(file)[0] != '.'
                && FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(file), ignoreCase: false));

    // Links to folders are not followed: they may lead in a circle.
    private static IEnumerable<string> Folders(string folder, bool deep) => !deep
        ? [folder]
        : new DirectoryInfo(folder).EnumerateDirectories()
            .Where(inner => inner.LinkTarget is null && inner.Name[0] != '.')
            .SelectMany(inner => Folders(inner.FullName, deep))
            .Prepend(folder);
}
