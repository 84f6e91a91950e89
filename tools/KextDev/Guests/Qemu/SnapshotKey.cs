using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using KextDev.Hosts;

namespace KextDev.Guests.Qemu;

/// <summary>Names a snapshot by all that a machine is made from: one of another key could not go on from it, or would be another machine.</summary>
public static partial class SnapshotKey
{
    /// <summary>Goes up when snapshots of before are of no use any more.</summary>
    private const string Format = "1";

    /// <param name="line">Where its machine lies, and on which port it listens, makes no difference.</param>
    /// <param name="qemu">Names the hypervisor's program as it is now.</param>
    public static string Of(QemuCommandLine line, string qemu)
    {
        var nowhere = new QemuCommandLine(
            line.Image with { Kernel = "kernel", Initrd = "initrd" }, line.Accelerator, line.Memory, line.Cpus, Port: 0, new QemuFolder("/"), "console", "/qmp")
        {
            InitArguments = line.InitArguments,
            HasKdpPort = line.HasKdpPort,
            MemoryFile = new MemoryFile("memory", Saves: false),
        };
        // KVM passes the host's processor on to the guest.
        var processor = line.Accelerator == Accelerator.Kvm ? Processor() : "";
        var text = string.Join('\n', [Format, line.Image.Key, line.Image.KernelRelease, qemu, processor, .. nowhere.Arguments()]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }

    /// <summary>The installed QEMU: its version would take a process to ask.</summary>
    public static string Qemu() => ProgramPath.Find(QemuCommandLine.Program) is { } path && new FileInfo(path) is var file
        ? $"{file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path} {file.Length} {file.LastWriteTimeUtc.Ticks}"
        : "";

    private static string Processor() =>
        string.Join('\n', ProcessorLines().Matches(File.ReadAllText("/proc/cpuinfo")).Select(match => match.Value).Distinct(StringComparer.Ordinal));

    [GeneratedRegex(@"^(model name|microcode|flags)\s*:.*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ProcessorLines();
}
