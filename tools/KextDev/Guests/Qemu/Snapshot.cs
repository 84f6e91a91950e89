using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace KextDev.Guests.Qemu;

/// <summary>A booted machine in a folder of files: its memory, the state of its devices, and what they were when they were saved.</summary>
/// <param name="Folder">Named by the snapshot's key. Files of a running machine may be removed: it keeps what it uses.</param>
public sealed record Snapshot(string Folder)
{
    // The processor still has what was just read.
    private const int ChunkSize = 64 * 1024;

    private const int Lanes = 4;

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

    // Against accidents, not against people: whoever can write here could write the manifest, too.
    private static FileSeal SealOf(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var chunk = new byte[ChunkSize];
        var sum = uint.MaxValue;
        while (file.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false) is var count and > 0)
        {
            sum = Sum(chunk.AsSpan(0, count), sum);
        }

        return new FileSeal(file.Position, sum);
    }

    // A guest that starts needs the processors itself: 256 MiB take a twentieth of a second, with the processor's own instruction for it, which code
    // that was compiled for all processors lacks, and four sums side by side, as each instruction waits for the one before it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint Sum(ReadOnlySpan<byte> bytes, uint sum)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        words = words[..(words.Length / Lanes * Lanes)];
        var (first, second, third, fourth) = (sum, sum, sum, sum);
        for (var index = 0; index < words.Length; index += Lanes)
        {
            first = BitOperations.Crc32C(first, words[index]);
            second = BitOperations.Crc32C(second, words[index + 1]);
            third = BitOperations.Crc32C(third, words[index + 2]);
            fourth = BitOperations.Crc32C(fourth, words[index + 3]);
        }

        sum = BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(first, second), third), fourth);
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
        {
            sum = BitOperations.Crc32C(sum, rest);
        }

        return sum;
    }
}

/// <summary>What a snapshot was when it was saved.</summary>
public sealed record SnapshotManifest(DateTimeOffset Saved, FileSeal Memory, FileSeal Devices);

/// <param name="Length">Bytes.</param>
/// <param name="Sum">CRC-32C over four such sums of each chunk's words, every fourth word in one of them.</param>
public sealed record FileSeal(long Length, uint Sum);
