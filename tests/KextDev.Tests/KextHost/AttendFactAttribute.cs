namespace KextDev.Tests.KextHost;

/// <summary>A test of programs that kexthost watches, which not every user and kernel can have.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AttendFactAttribute : FactAttribute
{
    public AttendFactAttribute() => Skip = AttendNeed.Missing;
}

/// <summary>As <see cref="AttendFactAttribute"/>, for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AttendTheoryAttribute : TheoryAttribute
{
    public AttendTheoryAttribute() => Skip = AttendNeed.Missing;
}

internal static class AttendNeed
{
    private const int TraceCapability = 19;

    /// <summary>What this machine lacks, in words, or null.</summary>
    public static string? Missing { get; } = Find();

    private static string? Find()
    {
        if (!ReadFirst("/proc/sys/kernel/seccomp/actions_avail").Contains("user_notif", StringComparison.Ordinal) || Environment.OSVersion.Version < new Version(5, 19))
        {
            return "this kernel tells nobody of calls that a seccomp filter holds back until they are handled (Linux 5.19)";
        }

        return MayTrace() || ReadFirst("/proc/sys/kernel/yama/ptrace_scope") is "" or "0"
            ? null
            : "this user may not look into other processes: run as root, or set kernel.yama.ptrace_scope to 0";
    }

    private static bool MayTrace()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapEff:", StringComparison.Ordinal));
        return (Convert.ToUInt64(line["CapEff:".Length..].Trim(), 16) >> TraceCapability & 1) != 0;
    }

    private static string ReadFirst(string path) => File.Exists(path) ? File.ReadLines(path).First() : "";
}
