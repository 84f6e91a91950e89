using System.Text;

namespace KextDev.Guests.Qemu;

/// <summary>Where QEMU's machine protocol is spoken. The system allows a socket's path 107 bytes, which a checkout deep in a home folder exceeds.</summary>
public static class QmpSocket
{
    /// <summary>Of the gdb stub's socket, which lies beside the machine protocol's; no longer than that one's.</summary>
    internal const string DebugStubName = "gdb";

    private const string Name = "qmp";

    /// <summary>No longer than the name of the first.</summary>
    private const string OtherName = "new";

    /// <summary>The same.</summary>
    private const string KdpName = "kdp";

    private const int LongestPath = 107;

    /// <summary>A path in the folder, or in a private folder among the temporary ones where that is too long.</summary>
    public static string Choose(string folder)
    {
        var path = Path.Combine(folder, Name);
        return Encoding.UTF8.GetByteCount(path) <= LongestPath ? path : Path.Combine(Directory.CreateTempSubdirectory("kextdev-").FullName, Name);
    }

    /// <summary>The path of a machine's other socket, which exists where it is restored from a snapshot.</summary>
    public static string Beside(string path) => Path.Combine(Path.GetDirectoryName(path)!, OtherName);

    /// <summary>The path of the serial line's socket through which a Darwin guest's kernel speaks KDP.</summary>
    public static string KdpBeside(string path) => Path.Combine(Path.GetDirectoryName(path)!, KdpName);

    public static void Remove(string path, string folder)
    {
        if (Path.GetDirectoryName(path) is { } parent && Directory.Exists(parent))
        {
            File.Delete(path);
            File.Delete(Beside(path));
            File.Delete(KdpBeside(path));
            File.Delete(Path.Combine(parent, DebugStubName));
            if (parent != folder)
            {
                Directory.Delete(parent);
            }
        }
    }
}
