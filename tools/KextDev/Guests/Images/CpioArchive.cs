using System.Globalization;
using System.Text;

namespace KextDev.Guests.Images;

/// <summary>
/// A file tree that is written as a cpio archive in the "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).
/// The same content gives the same bytes: entries sorted, owner 0:0, times 0, inode numbers counted.
/// </summary>
public sealed class CpioArchive
{
    private const string Trailer = "TRAILER!!!";
    private const int FolderType = 0x4000;
    private const int FileType = 0x8000;
    private const int LinkType = 0xA000;

    // Sorted by UTF-16 units: a folder comes before what is in it, as the kernel's unpacker needs.
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <param name="path">Without a leading slash. Missing folders above it are added with mode 0755.</param>
    /// <param name="permissions">Such as 0o755, in octal as chmod takes it.</param>
    public void AddFolder(string path, string permissions = "755") => Add(path, FolderType, permissions, []);

    public void AddFile(string path, byte[] content, string permissions = "644") => Add(path, FileType, permissions, content);

    public void AddText(string path, string content, string permissions = "644") => AddFile(path, Encoding.UTF8.GetBytes(content), permissions);

    public void AddLink(string path, string target) => Add(path, LinkType, "777", Encoding.UTF8.GetBytes(target));

    public bool Contains(string path) => _entries.ContainsKey(path);

    public void WriteTo(Stream stream)
    {
        var inode = 0;
        foreach (var (path, entry) in _entries)
        {
            inode++;
            Write(stream, path, inode, entry);
        }

        Write(stream, Trailer, 0, new Entry(0, []));
    }

    /// <summary>Whether a file ends as <see cref="WriteTo"/> ends: one that was cut short does not.</summary>
    public static bool IsWhole(string file)
    {
        if (!File.Exists(file))
        {
            return false;
        }

        using var stream = File.OpenRead(file);
        var end = new byte[16];
        stream.Seek(-Math.Min(end.Length, stream.Length), SeekOrigin.End);
        var length = stream.ReadAtLeast(end, end.Length, throwOnEndOfStream: false);
        return end.AsSpan(0, length).IndexOf(Encoding.ASCII.GetBytes(Trailer)) >= 0;
    }

    private void Add(string path, int type, string permissions, byte[] content)
    {
        if (path.Length == 0 || path[0] == '/' || path.Split('/').Any(part => part is "" or "." or ".."))
        {
            throw new ArgumentException($"'{path}' is no path inside of an archive.", nameof(path));
        }

        if (path.LastIndexOf('/') is var slash and > 0 && !_entries.ContainsKey(path[..slash]))
        {
            AddFolder(path[..slash]);
        }

        _entries[path] = new Entry(type | Convert.ToInt32(permissions, 8), content);
    }

    private static void Write(Stream stream, string path, int inode, Entry entry)
    {
        var name = Encoding.UTF8.GetBytes(path + '\0');
        var links = (entry.Mode & FolderType) != 0 && (entry.Mode & FileType) == 0 ? 2 : 1;

        // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
        int[] fields = [inode, entry.Mode, 0, 0, links, 0, entry.Content.Length, 0, 0, 0, 0, name.Length, 0];
        var header = "070701" + string.Concat(fields.Select(field => field.ToString("x8", CultureInfo.InvariantCulture)));
        stream.Write(Encoding.ASCII.GetBytes(header));
        stream.Write(name);
        Pad(stream, header.Length + name.Length);
        stream.Write(entry.Content);
        Pad(stream, entry.Content.Length);
    }

    private static void Pad(Stream stream, int length) => stream.Write(new byte[-length & 3]);

    private sealed record Entry(int Mode, byte[] Content);
}
