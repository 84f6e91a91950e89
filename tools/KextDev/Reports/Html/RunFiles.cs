using System.Globalization;
using System.Xml.Linq;

namespace KextDev.Reports.Html;

/// <summary>The files of a run's folder, as they are when its page is written; the page links to them by relative paths.</summary>
/// <param name="folder">Full path.</param>
internal sealed class RunFiles(string folder)
{
    private const int Most = 500;
    private const int MostShown = ReportDocument.MostCharacters;
    private const long Kibi = 1024;

    /// <summary>Sorted by path: "/" between its parts, relative to the folder.</summary>
    private readonly IReadOnlyList<(string Path, long Size)> _files = Find(folder);

    /// <summary>The text, with links where it names files of this folder.</summary>
    public IEnumerable<object> Link(string text)
    {
        var start = 0;
        for (var at = text.IndexOf(folder, StringComparison.Ordinal); at >= 0; at = text.IndexOf(folder, at + 1, StringComparison.Ordinal))
        {
            var name = at + folder.Length + 1;
            if (NamedAt(text, at) is { } file)
            {
                yield return text[start..at];
                yield return LinkTo(file);
                start = name + file.Length;
            }
        }

        yield return text[start..];
    }

    /// <summary>The file with text that a sentence names, behind that sentence; null where it names none.</summary>
    public XElement? ShowNamedIn(string sentence)
    {
        var at = sentence.IndexOf(folder, StringComparison.Ordinal);
        return at >= 0 && NamedAt(sentence, at) is { } file ? Show(file, $"{sentence[..at]}{file}") : null;
    }

    /// <summary>A file's text behind a title; null where there is no such file, or it is none of text.</summary>
    public XElement? Show(string file, string title)
    {
        if (Path.GetExtension(file) is not (".log" or ".txt") || !_files.Any(one => one.Path == file))
        {
            return null;
        }

        using var reader = new StreamReader(Path.Combine(folder, file));
        var text = new char[MostShown];
        var length = reader.ReadBlock(text);
        return Tag.Fold(title, open: false, Tag.Of("pre", null, new string(text, 0, length)), reader.Peek() < 0 ? null : new XElement("p", "The rest is in ", LinkTo(file), "."));
    }

    /// <summary>A list of all.</summary>
    public XElement List() => Tag.Of("ul", "files", _files.Select(file => new XElement("li", LinkTo(file.Path), " ", Tag.Of("small", null, Size(file.Size)))));

    /// <summary>Of the folder's files alone, and none of another scheme or host: each part of the path is escaped.</summary>
    public static XElement LinkTo(string file) =>
        new("a", new XAttribute("href", string.Join('/', file.Split('/').Select(Uri.EscapeDataString))), file);

    /// <param name="at">Where the folder's path begins in the text.</param>
    private string? NamedAt(string text, int at)
    {
        var name = text.AsSpan(Math.Min(text.Length, at + folder.Length + 1));
        string? longest = null;
        foreach (var (path, _) in _files)
        {
            longest = name.StartsWith(path, StringComparison.Ordinal) && path.Length > (longest?.Length ?? 0) ? path : longest;
        }

        return longest;
    }

    private static IReadOnlyList<(string Path, long Size)> Find(string folder)
    {
        // Links lead elsewhere.
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        return !Directory.Exists(folder)
            ? []
            : [.. new DirectoryInfo(folder).EnumerateFiles("*", options).Take(Most)
                .Select(file => (Path: Path.GetRelativePath(folder, file.FullName), Size: file.Length))
                .OrderBy(file => file.Path.Count(c => c == '/')).ThenBy(file => file.Path, StringComparer.Ordinal)];
    }

    private static string Size(long bytes) => bytes switch
    {
        < Kibi => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
        < Kibi * Kibi => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)Kibi:0.#} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(Kibi * Kibi):#,0.#} MiB"),
    };
}
