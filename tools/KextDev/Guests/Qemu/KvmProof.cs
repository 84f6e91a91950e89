using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KextDev.Hosts;

namespace KextDev.Guests.Qemu;

/// <summary>
/// What is known about KVM on this machine. A /dev/kvm that opens proves nothing: under nested virtualization guests were seen to hang before their first line.
/// Only a guest that prints does; the answer is remembered until the next boot of the host or another QEMU.
/// </summary>
public sealed class KvmProof(string cacheFolder)
{
    private const string Device = "/dev/kvm";

    /// <summary>A guest under KVM prints within a second; the rest is for a busy host.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);

    private string AnswerFile => Path.Combine(cacheFolder, "kvm.json");

    /// <summary>Why KVM cannot even be tried; null when it can.</summary>
    public static string? Obstacle()
    {
        if (!File.Exists(Device))
        {
            return $"{Device} does not exist";
        }

        try
        {
            using var device = File.Open(Device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{Device} cannot be opened by this user (being in the group kvm may help)";
        }
    }

    /// <summary>The remembered answer; null when there is none that holds for this host as it is now.</summary>
    public KvmAnswer? Recall()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(AnswerFile), QemuJson.Default.KvmAnswer) is { } answer && answer.Key == Key() ? answer : null;
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    /// <param name="failure">What happened instead of a boot; null when the guest booted.</param>
    public void Remember(string? failure) => AtomicFile.Write(AnswerFile, stream => JsonSerializer.Serialize(stream, new KvmAnswer(Key(), failure), QemuJson.Default.KvmAnswer));

    public void Forget() => File.Delete(AnswerFile);

    private static string Key()
    {
        var qemu = ProgramPath.Find(QemuCommandLine.Program) is { } path ? new FileInfo(path) : null;
        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id");
        var device = File.Exists(Device) ? File.GetLastWriteTimeUtc(Device).Ticks : 0;
        var host = $"{boot}\n{device}\n{qemu?.FullName}\n{qemu?.Length}\n{qemu?.LastWriteTimeUtc.Ticks}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(host)));
    }
}

/// <param name="Key">Of the host's state that the answer holds for.</param>
/// <param name="Failure">Null when a guest booted.</param>
public sealed record KvmAnswer(string Key, string? Failure);
