using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>The folder where macOS keeps its reports: the new ones, each told once.</summary>
internal sealed class DiagnosticReports
{
    private const string Folder = "/Library/Logs/DiagnosticReports";

    // Of one time. More of them are no reports, or tell the same.
    private const int MostReports = 16;

    private readonly HashSet<string> _known;

    private DiagnosticReports(IEnumerable<string> known) => _known = [.. known];

    public static async Task<DiagnosticReports> OpenAsync(GuestShell shell, CancellationToken cancellationToken) => new(await ListAsync(shell, cancellationToken));

    /// <param name="isMeant">Of a name. The others are told neither now nor later.</param>
    public async Task<IReadOnlyList<SystemReport>> ReadNewAsync(GuestShell shell, Func<string, bool> isMeant, CancellationToken cancellationToken)
    {
        var reports = new List<SystemReport>();
        foreach (var name in await ListAsync(shell, cancellationToken))
        {
            if (_known.Add(name) && reports.Count < MostReports && isMeant(name))
            {
                var text = await shell.RunAsync($"cat {ShellWord.Quote($"{Folder}/{name}")}", cancellationToken);
                reports.Add(new SystemReport(name, text.Output, IsKernels(name)));
            }
        }

        return reports;
    }

    // To 11 Kernel_DATE_HOST.panic, later Kernel-DATE.ips or panic-full-DATE.ips.
    public static bool IsKernels(string name) =>
        name.EndsWith(".panic", StringComparison.Ordinal)
        || (name.EndsWith(".ips", StringComparison.Ordinal) && (name.StartsWith("Kernel", StringComparison.Ordinal) || name.StartsWith("panic", StringComparison.Ordinal)));

    // No folder, no reports.
    private static async Task<IReadOnlyList<string>> ListAsync(GuestShell shell, CancellationToken cancellationToken) =>
        (await shell.RunAsync($"ls -1 {Folder}", cancellationToken)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
