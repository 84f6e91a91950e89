using System.Globalization;

namespace KextDev.Guests;

/// <summary>How much a folder holds, in words.</summary>
internal static class FolderSize
{
    public static string Of(string folder)
    {
        var files = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).ToList();
        var size = files.Sum(file => file.Length);
        return string.Create(
            CultureInfo.InvariantCulture, $"{files.Count} files of {(size < 1_000_000 ? $"{(size + 999) / 1000} kB" : $"{(size + 999_999) / 1_000_000} MB")} together");
    }
}
