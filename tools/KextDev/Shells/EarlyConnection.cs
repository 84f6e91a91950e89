using KextDev.Guests;

namespace KextDev.Shells;

/// <summary>A connection that begins while its guest is still getting ready. Disposing ends one that nobody took.</summary>
internal sealed class EarlyConnection : IAsyncDisposable
{
    private (Task<GuestShell> Shell, CancellationTokenSource Dropped)? _begun;
    private Task _ended = Task.CompletedTask;

    /// <param name="endpoint">Where the guest is about to answer; null where it will not, after all.</param>
    public void Begin(GuestEndpoint? endpoint)
    {
        Drop();
        if (endpoint is not null)
        {
            var dropped = new CancellationTokenSource();
            _begun = (Task.Run(() => GuestShell.ConnectAsync(endpoint, dropped.Token)), dropped);
        }
    }

    /// <summary>The connection that was begun, and a new one where there is none.</summary>
    /// <param name="endpoint">Of the guest, which is ready now.</param>
    /// <exception cref="InfrastructureException">No connection: another host key than the pinned one, a refused user, no answer.</exception>
    public async Task<GuestShell> ConnectAsync(GuestEndpoint endpoint, CancellationToken cancellationToken)
    {
        if (_begun is { } begun)
        {
            try
            {
                var shell = await begun.Shell.WaitAsync(cancellationToken);
                _begun = null;
                begun.Dropped.Dispose();
                return shell;
            }
            catch (InfrastructureException)
            {
                // Its time ran while the guest was not ready.
            }
        }

        return await GuestShell.ConnectAsync(endpoint, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Drop();
        await _ended;
    }

    private void Drop()
    {
        if (_begun is var (shell, dropped))
        {
            _begun = null;
            _ended = Task.WhenAll(_ended, EndAsync(shell, dropped));
        }
    }

    private static async Task EndAsync(Task<GuestShell> shell, CancellationTokenSource dropped)
    {
        await dropped.CancelAsync();
        try
        {
            await (await shell).DisposeAsync();
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            // It did not come about.
        }

        dropped.Dispose();
    }
}
