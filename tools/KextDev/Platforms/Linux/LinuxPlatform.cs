using System.Runtime.CompilerServices;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Platforms.Linux;

/// <summary>Linux modules: insmod, rmmod, /proc/modules, dmesg.</summary>
public sealed class LinuxPlatform(GuestShell shell) : IKernelPlatform
{
    // Severity 3 (error): below the console's threshold of a quiet boot, so that the mark stands in the serial log as well.
    private const string MarkPriority = "<3>";

    public string LoadCommand(DeployedExtension extension) => $"insmod {ShellWord.Quote(extension.Path)}";

    public string UnloadCommand(DeployedExtension extension) => $"rmmod {ShellWord.Quote(extension.Name)}";

    public string MarkCommand(string mark) => $"echo {ShellWord.Quote(MarkPriority + mark)} > /dev/kmsg";

    /// <summary>The kernel takes a module from whatever file.</summary>
    public Task PrepareAsync(DeployedExtension extension, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<KernelAnswer> LoadAsync(DeployedExtension extension, CancellationToken cancellationToken)
    {
        // One command of few programs: in an emulated guest each takes as long as the loading.
        var fits = extension.KernelRelease is { } wanted ? $"[ \"$release\" = {ShellWord.Quote(wanted)} ] || exit 0; " : "";
        var load = await shell.RunAsync($"read -r release </proc/sys/kernel/osrelease; echo \"$release\"; {fits}{LoadCommand(extension)}", cancellationToken);
        var release = load.Output.Split('\n')[0];
        if (extension.KernelRelease is { } needed && needed != release)
        {
            return KernelAnswer.No(
                $"{extension.Name} was not loaded: it was built for kernel {needed}, and the guest runs {release}. " +
                "Build it against the headers of the guest's kernel.");
        }

        if (load.ExitCode == 0)
        {
            return KernelAnswer.Yes;
        }

        if (await IsLoadedAsync(extension, cancellationToken))
        {
            return KernelAnswer.Occupied(extension.Name);
        }

        load = load with { Output = "" };
        var log = await ReadLogAsync(mark: null, cancellationToken);
        var kernel = log.LastOrDefault(line => line.Contains(extension.Name, StringComparison.Ordinal));
        return KernelAnswer.No(
            $"The kernel refused to load {extension.Name}: {Words(load)}" + (kernel is null ? "" : $". Its log says: {kernel.Trim()}"));
    }

    public async Task<KernelAnswer> UnloadAsync(DeployedExtension extension, CancellationToken cancellationToken)
    {
        var unload = await shell.RunAsync(UnloadCommand(extension), cancellationToken);
        if (unload.ExitCode == 0)
        {
            return KernelAnswer.Yes;
        }

        var users = await ModuleUsers.ReadAsync(shell, extension.Name, cancellationToken);
        return KernelAnswer.No($"The kernel refused to unload {extension.Name}: {Words(unload)}.{users.Describe(extension.Name)}");
    }

    public async Task<bool> IsLoadedAsync(DeployedExtension extension, CancellationToken cancellationToken) =>
        await ModuleLineAsync(extension, cancellationToken) is not null;

    public async Task<LoadedImage?> LocateAsync(DeployedExtension extension, CancellationToken cancellationToken) =>
        ModuleSections.Parse((await shell.RunAsync(ModuleSections.Command(extension.Name), cancellationToken)).Output);

    public KernelClock Clock => KernelClock.Uptime;

    public async Task<long?> ReadClockAsync(CancellationToken cancellationToken) =>
        UptimeFile.Parse((await shell.RunAsync("cat /proc/uptime", cancellationToken)).Output);

    public KernelLogLine ReadLogLine(string line) => LinuxLogLine.Parse(line);

    public LogLevelCommands LogLevel(string extension)
    {
        var file = ShellWord.Quote($"/sys/module/{extension.Replace('-', '_')}/parameters/log_level");
        return new LogLevelCommands($"cat {file}", $"echo \"$level\" >{file}", ["trace", "debug", "info", "warning", "error"], "off");
    }

    public async Task<IReadOnlyList<string>> ReadLogAsync(string? mark, CancellationToken cancellationToken)
    {
        var log = (await shell.RunAsync("dmesg", cancellationToken)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var start = mark is null ? -1 : Array.FindLastIndex(log, line => line.Contains(mark, StringComparison.Ordinal));
        return log[(start + 1)..];
    }

    public async Task<KernelTroubles?> ReadTroublesAsync(CancellationToken cancellationToken) =>
        KernelTroubles.Parse((await shell.RunAsync(KernelTroubles.Command, cancellationToken)).Output);

    /// <summary>Linux writes none: what its kernel has to say is in its log and on its console.</summary>
    public Task<IReadOnlyList<SystemReport>> ReadNewReportsAsync(DeployedExtension extension, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<SystemReport>>([]);

    public bool ReportsPanics => false;

    public Task<IReadOnlyList<SystemReport>> ReadPanicsAsync(GuestShell anew, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<SystemReport>>([]);

    public Task<KernelHoldings> ReadHoldingsAsync(CancellationToken cancellationToken) => LinuxHoldings.ReadAsync(shell, cancellationToken);

    public async Task<BootArguments> ReadBootArgumentsAsync(CancellationToken cancellationToken) =>
        BootArguments.Parse((await shell.RunAsync("cat /proc/cmdline", cancellationToken)).Output);

    public async Task<IReadOnlyList<LoadCondition>> InspectAsync(CancellationToken cancellationToken) =>
        (await LinuxLoadFacts.ReadAsync(shell, cancellationToken)).Judge();

    public async IAsyncEnumerable<Evidence> CollectAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new Evidence("kernel.log", (await shell.RunAsync("dmesg", cancellationToken)).Output) { IsKernelLog = true };
    }

    private static string Words(ShellResult result)
    {
        var text = (result.Error + result.Output).Trim();
        return text.Length > 0 ? text : $"exit code {result.ExitCode}";
    }

    // /proc/modules: name, size, references, users, state, address.
    private async Task<string[]?> ModuleLineAsync(DeployedExtension extension, CancellationToken cancellationToken)
    {
        var modules = await shell.RunAsync("cat /proc/modules", cancellationToken);
        return modules.Output.Split('\n')
            .Select(line => line.Split(' '))
            .FirstOrDefault(fields => fields[0] == extension.Name.Replace('-', '_'));
    }
}
