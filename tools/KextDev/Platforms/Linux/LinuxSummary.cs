using KextDev.Shells;

namespace KextDev.Platforms.Linux;

internal static class LinuxSummary
{
    public static async Task<SystemSummary> ReadAsync(GuestShell shell, CancellationToken cancellationToken)
    {
        var system = await shell.RunAsync("uname -srm; . /etc/os-release 2>/dev/null && echo \"$PRETTY_NAME\"", cancellationToken);
        var arguments = await shell.RunAsync("cat /proc/cmdline", cancellationToken);
        var modules = await shell.RunAsync("cat /proc/modules", cancellationToken);
        return new SystemSummary(
            string.Join(", ", Lines(system.Output)),
            SystemIntegrityProtection: null,
            arguments.Output.Trim(),
            [.. Lines(modules.Output).Select(line => line.Split(' ')[0])]);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
