using System.Runtime.CompilerServices;
using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>What is kept of a macOS guest: its kernel's log, what system it is, the loaded kexts.</summary>
internal sealed class DarwinEvidence(GuestShell shell, DarwinLog log)
{
    // Longer than a run takes, but for soaks.
    private const int Minutes = 30;

    private const string SystemCommand = "sw_vers; sysctl kern.version kern.osrelease kern.bootargs kern.boottime hw.memsize hw.ncpu; nvram boot-args; csrutil status";

    public async IAsyncEnumerable<Evidence> CollectAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Of the two the unified log has times; before 10.12 there is the other alone.
        var unified = await log.ReadUnifiedAsync(Minutes, cancellationToken) is { Length: > 0 } text ? text : null;
        yield return new Evidence("kernel.log", string.Concat((await log.ReadAsync(mark: null, cancellationToken)).Select(line => line + "\n"))) { IsKernelLog = unified is null };
        yield return new Evidence("system.txt", await PrintedAsync(SystemCommand, cancellationToken));
        if (unified is not null)
        {
            yield return new Evidence("unified.log", unified) { IsKernelLog = true };
        }

        // Last: it waits for a kext that is starting or stopping.
        yield return new Evidence("kextstat.txt", await PrintedAsync("kextstat", cancellationToken));
    }

    // A command that a release lacks, or refuses, is evidence as well.
    private async Task<string> PrintedAsync(string command, CancellationToken cancellationToken)
    {
        var result = await shell.RunAsync($"{{ {command}; }} 2>&1", cancellationToken);
        return result.Output;
    }
}
