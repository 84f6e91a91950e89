using KextDev.Debuggers.Linux;
using KextDev.Debuggers.Lldb;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Shells;

namespace KextDev.Debugging;

/// <summary>The symbols of a Linux guest's kernel: its own list of functions, put into the file that it boots.</summary>
public sealed class KernelSymbols(StateFolder state, RunJournal journal)
{
    /// <returns>Null, and why in a note, where they cannot be had: the extension's own are not touched by that.</returns>
    public async Task<SlidImage?> FindAsync(IGuest guest, GuestShell shell, CancellationToken cancellationToken)
    {
        if (await ReadAsync(shell, KernelSymbolTable.FindText, cancellationToken) is not { Text: var text })
        {
            journal.Publish(new NoteGiven("The kernel's own functions have no names in this session: the guest does not tell their addresses. As root: sysctl kernel.kptr_restrict=1."));
            return null;
        }

        var fetched = Path.Combine(Directory.CreateDirectory(state.Cache).FullName, $"kernel-{Guid.NewGuid():N}");
        try
        {
            var file = guest is IKernelFile known ? await known.GetKernelFileAsync(cancellationToken) : await FetchAsync(shell, fetched, cancellationToken);
            return await new KernelSymbolFile(state).GetAsync(
                file,
                text,
                async () => await ReadAsync(shell, "cat /proc/kallsyms", cancellationToken)
                    ?? throw new InfrastructureException("The guest told where its kernel's code begins, and a moment later it did not. Try again."),
                cancellationToken);
        }
        catch (InfrastructureException exception) when (exception is not ConnectionLostException)
        {
            journal.Publish(new NoteGiven($"The kernel's own functions have no names in this session. {exception.Message}"));
            return null;
        }
        finally
        {
            File.Delete(fetched);
        }
    }

    private static async Task<KernelSymbolTable?> ReadAsync(GuestShell shell, string command, CancellationToken cancellationToken) =>
        KernelSymbolTable.Parse((await shell.RunAsync(command, cancellationToken)).Output);

    private static async Task<string> FetchAsync(GuestShell shell, string file, CancellationToken cancellationToken)
    {
        var release = (await shell.RunAsync("uname -r", cancellationToken)).Output.Trim();
        await shell.DownloadAsync($"/boot/vmlinuz-{release}", file, cancellationToken);
        return file;
    }
}
