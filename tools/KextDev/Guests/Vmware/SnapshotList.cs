using System.Globalization;

namespace KextDev.Guests.Vmware;

/// <summary>What a machine's .vmsd file tells of its snapshots that vmrun does not. It has the syntax of a .vmx file; without snapshots there may be none.</summary>
internal sealed class SnapshotList
{
    private const int Most = 1000;

    private readonly VmxFile? _file;
    private readonly string _folder;

    private SnapshotList(VmxFile? file, string folder)
    {
        _file = file;
        _folder = folder;
    }

    /// <summary>What the machine goes on from; null when there is none, or it has no name.</summary>
    public string? Current => _file?.Get("snapshot.current") is { Length: > 0 } uid
        ? Numbers.Where(number => _file.Get($"snapshot{number}.uid") == uid).Select(number => _file.Get($"snapshot{number}.displayName")).FirstOrDefault()
        : null;

    /// <summary>The .vmx files, as far as they exist, of machines that keep only what differs from a snapshot of this one.</summary>
    public IReadOnlyList<string> Clones =>
    [
        .. from number in Numbers
           from clone in Enumerable.Range(0, Count($"snapshot{number}.numClones"))
           let path = _file!.GetPath($"snapshot{number}.clone{clone}", _folder)
           where File.Exists(path)
           select path,
    ];

    private IEnumerable<int> Numbers => Enumerable.Range(0, Count("snapshot.numSnapshots"));

    public static SnapshotList Of(string vmx)
    {
        var file = Path.ChangeExtension(vmx, ".vmsd");
        return new SnapshotList(File.Exists(file) ? VmxFile.Read(file) : null, Path.GetDirectoryName(file)!);
    }

    private int Count(string name) =>
        int.TryParse(_file?.Get(name), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? Math.Min(count, Most) : 0;
}
