using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>
/// The kernel's log of a macOS guest: dmesg, and the unified log, which has it too from 10.12 on.
/// Nobody but the kernel writes into them, so a mark is a copy of what dmesg printed at that moment.
/// </summary>
internal sealed class DarwinLog(GuestShell shell, SwVers system)
{
    private const string MarkFile = "/tmp/.kextdev-mark";

    public static string MarkCommand(string mark) => $"rm -f {MarkFile}; {{ echo {ShellWord.Quote(mark)}; dmesg; }} > {MarkFile}";

    public async Task<IReadOnlyList<string>> ReadAsync(string? mark, CancellationToken cancellationToken)
    {
        var now = Lines((await shell.RunAsync("dmesg", cancellationToken)).Output);
        if (mark is null)
        {
            return now;
        }

        var marked = Lines((await shell.RunAsync($"cat {MarkFile}", cancellationToken)).Output);
        return marked.Count > 0 && marked[0] == mark ? MessageBuffer.Since([.. marked.Skip(1)], now) : now;
    }

    /// <summary>What the unified log has of the kernel's of the last minutes; null before 10.12.</summary>
    public async Task<string?> ReadUnifiedAsync(int minutes, CancellationToken cancellationToken) => system.HasUnifiedLog
        ? (await shell.RunAsync($"log show --style syslog --last {minutes}m --predicate 'processID == 0'", cancellationToken)).Output
        : null;

    public static IReadOnlyList<string> Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
