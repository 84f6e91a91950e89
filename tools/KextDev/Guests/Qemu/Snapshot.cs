using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace KextDev.Guests.Qemu;

/// <summary>A booted machine in a folder of files: its memory, the state of its devices, and what they were when they were saved.</summary>
/// <param name="Folder">Named by the snapshot's key. Files of a running machine may be removed: it keeps what it uses.</param>
public sealed record Snapshot(string Folder)
{
    private const int ChunkSize = 1024 * 1024;

    public string Key => Path.GetFileName(Folder);

    /// <summary>As large as the machine's memory. Machines map it privately: several share what they do not change.</summary>
    public string MemoryFile => Path.Combine(Folder, "memory");

    /// <summary>QEMU's migration stream, without the memory.</summary>
    public string DeviceFile => Path.Combine(Folder, "devices");

    /// <summary>What the machine had printed.</summary>
    public string ConsoleFile => Path.Combine(Folder, "console.log");

    /// <summary>Written last.</summary>
    public string ManifestFile => Path.Combine(Folder, "snapshot.json");

    /// <summary>Null when there is none that can be read.</summary>
    public SnapshotManifest? ReadManifest()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(ManifestFile), QemuJson.Default.SnapshotManifest);
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>What the console of a machine that goes on from here begins with.</summary>
    public string ConsoleHeading(SnapshotManifest manifest) => $"{File.ReadAllText(ConsoleFile)}KEXTDEV SNAPSHOT {Key} of {manifest.Saved:u}\n";

    /// <summary>Seals the files as they are now.</summary>
    public void WriteManifest(DateTimeOffset saved)
    {
        var manifest = new SnapshotManifest(saved, SealOf(MemoryFile), SealOf(DeviceFile));
        AtomicFile.Write(ManifestFile, stream => JsonSerializer.Serialize(stream, manifest, QemuJson.Default.SnapshotManifest));
    }

    /// <summary>Whether the files' lengths are those that were sealed: takes no time.</summary>
    public bool HasLengths(SnapshotManifest manifest) =>
        new FileInfo(MemoryFile) is { Exists: true } memory && memory.Length == manifest.Memory.Length
        && new FileInfo(DeviceFile) is { Exists: true } devices && devices.Length == manifest.Devices.Length;

    /// <summary>Whether the files' bytes are those that were sealed: reads them all.</summary>
    public bool HasBytes(SnapshotManifest manifest)
    {
        try
        {
            return SealOf(DeviceFile) == manifest.Devices && SealOf(MemoryFile) == manifest.Memory;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // Against accidents, not against people: whoever can write here could write the manifest, too. A tenth of a second for 256 MiB,
    // with the processor's own instruction for it, which code that was compiled for all processors lacks.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static FileSeal SealOf(string path)
    {
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        var chunk = new byte[ChunkSize];
        var sum = uint.MaxValue;
        for (long offset = 0; offset < length;)
        {
            var count = RandomAccess.Read(file, chunk, offset);
            if (count == 0)
            {
                break;
            }

            var index = 0;
            for (; index <= count - sizeof(ulong); index += sizeof(ulong))
            {
                sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(chunk.AsSpan(index)));
            }

            for (; index < count; index++)
            {
                sum = BitOperations.Crc32C(sum, chunk[index]);
            }

            offset += count;
        }

        return new FileSeal(length, sum);
    }
}

/// <summary>What a snapshot was when it was saved.</summary>
public sealed record SnapshotManifest(DateTimeOffset Saved, FileSeal Memory, FileSeal Devices);

/// <param name="Length">Bytes.</param>
/// <param name="Sum">CRC-32C.</param>
public sealed record FileSeal(long Length, uint Sum);
