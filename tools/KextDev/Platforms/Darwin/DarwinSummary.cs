using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

internal static class DarwinSummary
{
    private const string ProtectionHeading = "System Integrity Protection status:";
    private const string BootArguments = "boot-args";

    public static async Task<SystemSummary> ReadAsync(GuestShell shell, CancellationToken cancellationToken)
    {
        var product = await shell.RunAsync("sw_vers", cancellationToken);
        var kernel = await shell.RunAsync("uname -sr", cancellationToken);
        var protection = await shell.RunAsync("csrutil status", cancellationToken);
        var arguments = await shell.RunAsync("nvram boot-args", cancellationToken);
        var kexts = await shell.RunAsync("kextstat -l -k", cancellationToken);
        return new SystemSummary(
            $"{SwVers.Parse(product.Output + product.Error)}, {kernel.Output.Trim()}",
            Protection(protection.Output),
            Arguments(arguments),
            [.. KextStatRow.ReadAll(kexts.Output).Where(row => !row.Identifier.StartsWith("com.apple.", StringComparison.Ordinal)).Select(row => $"{row.Identifier} ({row.Version})")]);
    }

    // 10.9 and 10.10 have neither the protection nor the command.
    internal static string? Protection(string output) =>
        output.Split('\n').FirstOrDefault(line => line.StartsWith(ProtectionHeading, StringComparison.Ordinal)) is { } line
            ? line[ProtectionHeading.Length..].Trim().TrimEnd('.')
            : null;

    // Name, tab, value; an error when the variable is not set.
    private static string Arguments(ShellResult answer) =>
        answer.ExitCode == 0 && answer.Output.StartsWith(BootArguments, StringComparison.Ordinal) ? answer.Output[BootArguments.Length..].Trim() : "";
}
