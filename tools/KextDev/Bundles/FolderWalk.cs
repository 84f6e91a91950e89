using System.IO.Enumeration;

namespace KextDev.Bundles;

/// <summary>Everything below a folder, links named and never followed: one to "/" must not lead out of the bundle.</summary>
internal static class FolderWalk
{
    private const int DeepestFolder = 32;

    public static IEnumerable<FileSystemInfo> Below(string folder) => new FileSystemEnumerable<FileSystemInfo>(
        folder,
        (ref FileSystemEntry entry) => entry.ToFileSystemInfo(),
        new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, MaxRecursionDepth = DeepestFolder })
    {
        ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == FileAttributes.None,
    };
}
