using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Platforms.Linux;

/// <summary>Linux modules: insmod, rmmod, /proc/modules, dmesg.</summary>
public sealed class LinuxPlatform : IKernelPlatform
{
    // Severity 3 (error): below the console's threshold of a quiet boot, so that the mark stands in the serial log as well.
    private const string MarkPriority = "<3>";

    public string LoadCommand(DeployedExtension extension) => $"insmod {ShellWord.Quote(extension.Path)}";

    public string UnloadCommand(DeployedExtension extension) => $"rmmod {ShellWord.Quote(extension.Name)}";

    public string MarkCommand(string mark) => $"echo {ShellWord.Quote(MarkPriority + mark)} > /dev/kmsg";

    public async Task<KernelAnswer> LoadAsync(GuestShell shell, DeployedExtension extension, CancellationToken cancellationToken)
    {
        var running = await shell.RunAsync("uname -r", cancellationToken);
        var release = running.Output.Trim();
        if (!string.Equals(release, extension.BuiltFor, StringComparison.Ordinal))
        {
            return KernelAnswer.No(
                $"{extension.Name} was not loaded: it was built for kernel {extension.BuiltFor}, and the guest runs {release}. " +
                "Build it against the headers of the guest's kernel.");
        }

        var load = await shell.RunAsync(LoadCommand(extension), cancellationToken);
        if (load.ExitCode == 0)
        {
            return KernelAnswer.Yes;
        }

        var log = await ReadLogAsync(shell, mark: null, cancellationToken);
        var kernel = log.LastOrDefault(line => line.Contains(extension.Name, StringComparison.Ordinal));
        return KernelAnswer.No(
            $"The kernel refused to load {extension.Name}: {Words(load)}" + (kernel is null ? "" : $". Its log says: {kernel.Trim()}"));
    }

    public async Task<KernelAnswer> UnloadAsync(GuestShell shell, DeployedExtension extension, CancellationToken cancellationToken)
    {
        var unload = await shell.RunAsync(UnloadCommand(extension), cancellationToken);
        if (unload.ExitCode == 0)
        {
            return KernelAnswer.Yes;
        }

        var uses = await ModuleLineAsync(shell, extension, cancellationToken);
        return KernelAnswer.No(
            $"The kernel refused to unload {extension.Name}: {Words(unload)}" +
            (uses is [_, _, var count, var users, ..] ? $". References: {count}, held by modules: {users.TrimEnd(',')}" : ""));
    }

    public async Task<bool> IsLoadedAsync(GuestShell shell, DeployedExtension extension, CancellationToken cancellationToken) =>
        await ModuleLineAsync(shell, extension, cancellationToken) is not null;

    public async Task<IReadOnlyList<string>> ReadLogAsync(GuestShell shell, string? mark, CancellationToken cancellationToken)
    {
        var log = (await shell.RunAsync("dmesg", cancellationToken)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var start = mark is null ? -1 : Array.FindLastIndex(log, line => line.Contains(mark, StringComparison.Ordinal));
        return log[(start + 1)..];
    }

    private static string Words(ShellResult result)
    {
        var text = (result.Error + result.Output).Trim();
        return text.Length > 0 ? text : $"exit code {result.ExitCode}";
    }

    // /proc/modules: name, size, references, users, state, address.
    private static async Task<string[]?> ModuleLineAsync(GuestShell shell, DeployedExtension extension, CancellationToken cancellationToken)
    {
        var modules = await shell.RunAsync("cat /proc/modules", cancellationToken);
        return modules.Output.Split('\n')
            .Select(line => line.Split(' '))
            .FirstOrDefault(fields => fields[0] == extension.Name.Replace('-', '_'));
    }
}
