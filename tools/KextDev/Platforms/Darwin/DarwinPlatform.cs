using KextDev.Bundles;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>macOS kexts, 10.9 to 11: kextload or kmutil, kextstat, kextunload, dmesg, and the system's diagnostic reports.</summary>
public sealed class DarwinPlatform : IKernelPlatform
{
    private const string LoadMark = "kextdev: load or unload";
    private const int MostLogLines = 60;

    private readonly GuestShell _shell;
    private readonly SwVers _system;
    private readonly DarwinLog _log;
    private readonly DiagnosticReports _reports;

    private DarwinPlatform(GuestShell shell, SwVers system, DiagnosticReports reports)
    {
        _shell = shell;
        _system = system;
        _log = new DarwinLog(shell, system);
        _reports = reports;
    }

    /// <summary>Asks which release it is, once: the commands differ.</summary>
    /// <exception cref="InfrastructureException">The guest does not say.</exception>
    public static async Task<DarwinPlatform> OpenAsync(GuestShell shell, CancellationToken cancellationToken) =>
        new(shell, await SwVers.ReadAsync(shell, cancellationToken), await DiagnosticReports.OpenAsync(shell, cancellationToken));

    public string LoadCommand(DeployedExtension extension) => $"{(_system.HasKmutil ? "kmutil load -p" : "kextload")} {ShellWord.Quote(extension.Path)}";

    public string UnloadCommand(DeployedExtension extension) => $"{(_system.HasKmutil ? "kmutil unload" : "kextunload")} -b {ShellWord.Quote(extension.Name)}";

    public string MarkCommand(string mark) => DarwinLog.MarkCommand(mark);

    public async Task PrepareAsync(DeployedExtension extension, CancellationToken cancellationToken)
    {
        var path = ShellWord.Quote(extension.Path);

        // Folders 755, files 644.
        var result = await _shell.RunAsync($"chown -R root:wheel {path} && chmod -R a-x,u=rwX,go=rX {path}", cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new InfrastructureException(
                $"{extension.Path} was not made root's, without which macOS loads no kext: {CommandWords.Of(result)}. Let the guest's definition name a user who is root.");
        }
    }

    public async Task<KernelAnswer> LoadAsync(DeployedExtension extension, CancellationToken cancellationToken)
    {
        // kextload would take the one that is there for the one that it is given.
        if (await IsLoadedAsync(extension, cancellationToken))
        {
            return KernelAnswer.Occupied(extension.Name);
        }

        var command = LoadCommand(extension);
        var answer = KextLoadAnswer.Parse(await _shell.RunAsync($"{MarkCommand(LoadMark)}; {command}", cancellationToken));
        if (answer.Outcome != KextLoadOutcome.Loaded)
        {
            var unknown = answer.Outcome is KextLoadOutcome.Unknown or KextLoadOutcome.NotUnderstood ? $"{_system} gave no answer that is known to '{command}'" : "macOS refused to load it";
            return KernelAnswer.No($"{extension.Name} was not loaded: {unknown}: {answer.Words}{await KernelsWordsAsync(extension, cancellationToken)}{Sentence(answer.WayOut)}");
        }

        return await FindAsync(extension, cancellationToken) is { } row
            ? Verify(extension, row)
            : KernelAnswer.No(
                $"{extension.Name} was not loaded: '{command}' ended as if it were, and kextstat does not show it. It printed: {answer.Words}"
                + await KernelsWordsAsync(extension, cancellationToken));
    }

    public async Task<KernelAnswer> UnloadAsync(DeployedExtension extension, CancellationToken cancellationToken)
    {
        var command = UnloadCommand(extension);
        var answer = KextUnloadAnswer.Parse(await _shell.RunAsync($"{MarkCommand(LoadMark)}; {command}", cancellationToken));
        if (answer.Outcome == KextUnloadOutcome.Unloaded)
        {
            return KernelAnswer.Yes;
        }

        var users = await DescribeUsersAsync(extension, cancellationToken);
        var unknown = answer.Outcome is KextUnloadOutcome.Unknown or KextUnloadOutcome.NotUnderstood ? $"{_system} gave no answer that is known to '{command}'" : "macOS refused to unload it";

        // kextunload brings the kernel's lines itself; kmutil leaves them in the log.
        var kernel = answer.Words.Contains("(kernel)", StringComparison.Ordinal) ? "" : await KernelsWordsAsync(extension, cancellationToken);
        return KernelAnswer.No($"{extension.Name} was not unloaded: {unknown}: {answer.Words}{kernel}{users}");
    }

    public async Task<bool> IsLoadedAsync(DeployedExtension extension, CancellationToken cancellationToken) => await FindAsync(extension, cancellationToken) is not null;

    public async Task<LoadedImage?> LocateAsync(DeployedExtension extension, CancellationToken cancellationToken) =>
        await FindAsync(extension, cancellationToken) is { } row ? ImageOf(row) : null;

    public KernelClock Clock => KernelClock.WallClock;

    public Task<long?> ReadClockAsync(CancellationToken cancellationToken) => DarwinClock.ReadAsync(_shell, cancellationToken);

    public KernelLogLine ReadLogLine(string line) => UnifiedLogLine.Parse(line);

    public LogLevelCommands LogLevel(string extension)
    {
        var name = ShellWord.Quote($"debug.{extension[(extension.LastIndexOf('.') + 1)..]}_log.level");
        return new LogLevelCommands($"sysctl -n {name}", $"sysctl -w {name}=\"$level\"", ["1", "2", "3", "4", "5"], "6");
    }

    public Task<IReadOnlyList<string>> ReadLogAsync(string? mark, CancellationToken cancellationToken) => _log.ReadAsync(mark, cancellationToken);

    /// <summary>macOS' kernel lives on after nothing that it would have to remember.</summary>
    public Task<KernelTroubles?> ReadTroublesAsync(CancellationToken cancellationToken) => Task.FromResult<KernelTroubles?>(null);

    public Task<IReadOnlyList<SystemReport>> ReadNewReportsAsync(DeployedExtension extension, CancellationToken cancellationToken) =>
        _reports.ReadNewAsync(_shell, name => DiagnosticReports.IsKernels(name) || name.StartsWith(extension.Name + "_", StringComparison.Ordinal), cancellationToken);

    public bool ReportsPanics => true;

    public Task<IReadOnlyList<SystemReport>> ReadPanicsAsync(GuestShell anew, CancellationToken cancellationToken) =>
        _reports.ReadNewAsync(anew, DiagnosticReports.IsKernels, cancellationToken);

    public Task<KernelHoldings> ReadHoldingsAsync(CancellationToken cancellationToken) => DarwinHoldings.ReadAsync(_shell, cancellationToken);

    public async Task<BootArguments> ReadBootArgumentsAsync(CancellationToken cancellationToken) =>
        BootArguments.Parse((await _shell.RunAsync("sysctl -n kern.bootargs", cancellationToken)).Output);

    public async Task<IReadOnlyList<LoadCondition>> InspectAsync(CancellationToken cancellationToken) =>
        (await DarwinLoadFacts.ReadAsync(_shell, _system, cancellationToken)).Judge();

    public IAsyncEnumerable<Evidence> CollectAsync(CancellationToken cancellationToken) => new DarwinEvidence(_shell, _log).CollectAsync(cancellationToken);

    /// <summary>Whether what is loaded is what was built. Releases that show no UUID are believed.</summary>
    internal static KernelAnswer Verify(DeployedExtension extension, KextStatRow row)
    {
        var where = $"kextstat shows version {row.Version}, UUID {row.Uuid?.ToString().ToUpperInvariant() ?? "(none)"}, at 0x{row.Address:x}";
        if (extension.Uuid is { } built && row.Uuid is { } loaded && built != loaded)
        {
            return KernelAnswer.No(
                $"{extension.Name} is loaded, but from another build: {where}; the one that was built has UUID {built.ToString().ToUpperInvariant()}. "
                + "Look for a second bundle with this identifier in the guest's /Library/Extensions and /System/Library/Extensions.");
        }

        return extension.Version is { } version && version != row.Version && KextVersion.Parse(version) != KextVersion.Parse(row.Version)
            ? KernelAnswer.No($"{extension.Name} is loaded, but in another version: {where}; the one that was built has version {version}.")
            : KernelAnswer.Yes;
    }

    private static LoadedKext ImageOf(KextStatRow row) => new(row.Uuid?.ToString().ToUpperInvariant(), row.Address, row.Size);

    private static string Sentence(string wayOut) => wayOut.Length > 0 ? $"\n{wayOut}" : "";

    private async Task<string> DescribeUsersAsync(DeployedExtension extension, CancellationToken cancellationToken)
    {
        if (await FindAsync(extension, cancellationToken) is not { } row)
        {
            return "";
        }

        var all = row.References > 0 ? KextStatRow.ReadAll((await _shell.RunAsync("kextstat -l", cancellationToken)).Output) : [];
        return (await KextUsers.ReadAsync(_shell, all, row, cancellationToken)).Describe(extension.Name);
    }

    private async Task<KextStatRow?> FindAsync(DeployedExtension extension, CancellationToken cancellationToken)
    {
        var answer = await _shell.RunAsync($"kextstat -l -b {ShellWord.Quote(extension.Name)}", cancellationToken);

        // kmutil answers with an error where nothing has the identifier; its exit codes are not documented.
        return answer.ExitCode == 0 || _system.HasKmutil
            ? KextStatRow.ReadAll(answer.Output).FirstOrDefault(row => row.Identifier == extension.Name)
            : throw new InfrastructureException($"Which kexts are loaded is not known: kextstat ended with exit code {answer.ExitCode}: {CommandWords.Of(answer)}.");
    }

    private async Task<string> KernelsWordsAsync(DeployedExtension extension, CancellationToken cancellationToken)
    {
        var lines = await _log.ReadAsync(LoadMark, cancellationToken);
        if (lines.Count == 0 && await _log.ReadUnifiedAsync(minutes: 1, cancellationToken) is { } unified)
        {
            lines = [.. DarwinLog.Lines(unified).Where(line => line.Contains(extension.Name, StringComparison.Ordinal))];
        }

        return lines.Count == 0 ? "" : "\nThe kernel's log says:\n" + string.Join('\n', lines.TakeLast(MostLogLines));
    }
}
