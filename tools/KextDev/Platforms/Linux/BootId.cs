using KextDev.Shells;

namespace KextDev.Platforms.Linux;

/// <summary>What tells one start of a Linux kernel from another.</summary>
internal static class BootId
{
    public static async Task<string> ReadAsync(GuestShell shell, CancellationToken cancellationToken) =>
        (await shell.RunAsync("cat /proc/sys/kernel/random/boot_id", cancellationToken)).Output.Trim();
}
