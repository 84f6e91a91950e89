#nullable disable // As published.

using System.IO.Enumeration;
using System.Text;

namespace Nuke.Common.IO;

/// <summary>What can be done with a path.</summary>
public static class AbsolutePathExtensions
{
    private static readonly string[] AnyName = ["*"];

    public static bool FileExists(this AbsolutePath path) => File.Exists(path);

    public static bool DirectoryExists(this AbsolutePath path) => Directory.Exists(path);

    public static AbsolutePath CreateDirectory(this AbsolutePath path)
    {
        Directory.CreateDirectory(path);
        return path;
    }

    public static AbsolutePath CreateOrCleanDirectory(this AbsolutePath path)
    {
        path.DeleteDirectory();
        return path.CreateDirectory();
    }

    /// <summary>Does nothing where there is no such file.</summary>
    public static void DeleteFile(this AbsolutePath path)
    {
        if (path.FileExists())
        {
            File.Delete(path);
        }
    }

    /// <summary>Deletes with everything in it; does nothing where there is no such folder.</summary>
    public static void DeleteDirectory(this AbsolutePath path)
    {
        if (path.DirectoryExists())
        {
            Directory.Delete(path, recursive: true);
        }
    }

    public static string ReadAllText(this AbsolutePath path, Encoding encoding = null)
    {
        Assert.FileExists(path);
        return File.ReadAllText(path, encoding ?? Encoding.UTF8);
    }

    /// <summary>Makes the folder where it is missing. The text ends with one line break unless told otherwise.</summary>
    public static void WriteAllText(this AbsolutePath path, string content, Encoding encoding = null, bool? eofLineBreak = null)
    {
        path.Parent.CreateDirectory();
        var text = eofLineBreak ?? true ? content.TrimEnd('\r', '\n') + '\n' : content;
        File.WriteAllText(path, text, encoding ?? new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    /// <summary>Files below the folder: `*` within a name, `**` over folders.</summary>
    public static IReadOnlyCollection<AbsolutePath> GlobFiles(this AbsolutePath directory, params string[] patterns)
        => [.. patterns.SelectMany(pattern => Glob(directory, pattern.Split('/'), Directory.EnumerateFiles)).Distinct()];

    /// <summary>The same for folders.</summary>
    public static IReadOnlyCollection<AbsolutePath> GlobDirectories(this AbsolutePath directory, params string[] patterns)
        => [.. patterns.SelectMany(pattern => Glob(directory, pattern.Split('/'), Directory.EnumerateDirectories)).Distinct()];

    /// <param name="directory">Where to look.</param>
    /// <param name="parts">The pattern, split at its separators.</param>
    /// <param name="enumerate">What the last part names: the files of a folder, or its folders.</param>
    private static IEnumerable<AbsolutePath> Glob(AbsolutePath directory, ReadOnlyMemory<string> parts, Func<string, IEnumerable<string>> enumerate)
    {
        if (!directory.DirectoryExists())
        {
            return [];
        }

        var part = parts.Span[0];
        if (part == "**")
        {
            var below = Directory.EnumerateDirectories(directory).Order(StringComparer.Ordinal).SelectMany(folder => Glob(folder, parts, enumerate));
            return Glob(directory, parts.Length > 1 ? parts[1..] : AnyName, enumerate).Concat(below);
        }

        var isLast = parts.Length == 1;
        var entries = isLast ? enumerate(directory) : Directory.EnumerateDirectories(directory);
        var matches = entries.Where(entry => FileSystemName.MatchesSimpleExpression(part, Path.GetFileName(entry), ignoreCase: false))
            .Order(StringComparer.Ordinal);
        return isLast ? matches.Select(AbsolutePath.Create) : matches.SelectMany(folder => Glob(folder, parts[1..], enumerate));
    }
}
