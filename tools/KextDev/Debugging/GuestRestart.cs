using KextDev.Guests;
using KextDev.Guests.Ssh;
using KextDev.Shells;

namespace KextDev.Debugging;

/// <summary>Restarts a guest from within, and waits for its next kernel.</summary>
/// <param name="endpoint">Where it answers, unless it tells another address once it is back.</param>
/// <param name="limit">How long the guest may take to shut down and to come back.</param>
internal sealed class GuestRestart(IGuest guest, GuestEndpoint endpoint, Func<GuestShell, CancellationToken, Task<string>> nameBoot, TimeSpan limit, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <param name="shell">Of the old kernel's; ended here.</param>
    /// <returns>A shell of the new kernel's.</returns>
    /// <exception cref="InfrastructureException">No other kernel answered in time.</exception>
    public async Task<GuestShell> RunAsync(GuestShell shell, string command, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ends.Token);
        var before = await nameBoot(shell, cancellationToken);

        // It may never return: the connection goes before.
        var asked = AskAsync(shell, command, over.Token);
        var last = "no attempt ended";
        try
        {
            while (true)
            {
                if (await TryReachAsync(before, failure => last = failure, ends.Token) is { } reached)
                {
                    return reached;
                }

                if (asked is { IsCompletedSuccessfully: true, Result: { } refusal })
                {
                    throw new InfrastructureException($"The guest {guest.Name} was not restarted: '{command}' answered: {refusal}");
                }

                await Task.Delay(Pause, ends.Token);
            }
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InfrastructureException(
                $"The guest {guest.Name} did not come back within {limit.TotalSeconds:0} s after '{command}' (last: {last}). Look at its console; it may wait for a debugger, or not start at all.", exception);
        }
        finally
        {
            await over.CancelAsync();
            await shell.DisposeAsync();
            await asked;
        }
    }

    /// <summary>The answer of a command that ended without ending the guest; null when it was taken, or the connection went, as it should.</summary>
    public static async Task<string?> AskAsync(GuestShell shell, string command, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await shell.RunAsync(command, cancellationToken);
            return answer.ExitCode == 0 ? null : (answer.Error + answer.Output).Trim() is { Length: > 0 } words ? words : $"exit code {answer.ExitCode}";
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            return null;
        }
    }

    private async Task<GuestEndpoint> LocateAsync(Action<string> failed, CancellationToken cancellationToken)
    {
        if (guest is IMovable movable)
        {
            return await movable.LocateAsync(cancellationToken);
        }

        await SshBanner.WaitAsync(endpoint.Host, endpoint.Port, failed, cancellationToken);
        return endpoint;
    }

    // A kernel that is going down may answer still.
    private async Task<GuestShell?> TryReachAsync(string before, Action<string> failed, CancellationToken cancellationToken)
    {
        GuestShell? shell = null;
        try
        {
            shell = await GuestShell.ConnectAsync(await LocateAsync(failed, cancellationToken), cancellationToken);
            if (await nameBoot(shell, cancellationToken) is { Length: > 0 } now && now != before)
            {
                return shell;
            }

            failed("the kernel of before answers still");
        }
        catch (InfrastructureException exception)
        {
            failed(exception.Message);
        }
        catch
        {
            await (shell?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }

        await (shell?.DisposeAsync() ?? ValueTask.CompletedTask);
        return null;
    }
}
