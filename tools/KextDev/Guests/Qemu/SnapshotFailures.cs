using System.Text.Json;

namespace KextDev.Guests.Qemu;

/// <summary>
/// Which snapshots are of no use on this host, so that not every run tries again and boots twice. Remembered until the next boot of the host;
/// another guest or another QEMU has another key.
/// </summary>
public sealed class SnapshotFailures(string cacheFolder)
{
    private string MemoryFile => Path.Combine(cacheFolder, "snapshots", "failures.json");

    /// <summary>Why guests of this key are not restored, as the rest of a sentence; null when nothing speaks against it.</summary>
    public string? Recall(string key) => Read().GetValueOrDefault(key);

    /// <exception cref="DiskFullException"/>
    public void Remember(string key, string failure)
    {
        var failures = new Dictionary<string, string>(Read(), StringComparer.Ordinal) { [key] = failure };
        AtomicFile.Write(MemoryFile, stream => JsonSerializer.Serialize(stream, new FailureMemory(Boot(), failures), QemuJson.Default.FailureMemory));
    }

    private Dictionary<string, string> Read()
    {
        try
        {
            return File.Exists(MemoryFile)
                && JsonSerializer.Deserialize(File.ReadAllBytes(MemoryFile), QemuJson.Default.FailureMemory) is { Failures: { } failures } memory
                && memory.Boot == Boot()
                ? failures
                : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }

    private static string Boot() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}

/// <param name="Boot">Of the host: the failures are no more than that boot's.</param>
/// <param name="Failures">By the snapshot's key.</param>
internal sealed record FailureMemory(string Boot, Dictionary<string, string>? Failures);
