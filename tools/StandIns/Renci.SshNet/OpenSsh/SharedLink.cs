using System.Diagnostics.CodeAnalysis;
using Renci.SshNet.Common;

namespace Renci.SshNet.OpenSsh;

/// <summary>The one connection of all clients that were made with the same connection info; it ends with its last user.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore without a wait handle holds nothing to dispose.")]
internal sealed class SharedLink(ConnectionInfo info)
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private Master? _master;
    private int _users;

    public async Task<Master> JoinAsync(TimeSpan keepAlive, Func<HostKeyEventArgs, bool> isTrusted, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_master is { IsAlive: true } master)
            {
                // Each client decides about the key by itself, whoever made the connection.
                HostKeyHandshake.Verify(isTrusted, master.HostKey);
                _users++;
                return master;
            }

            _master = await Master.ConnectAsync(info, keepAlive, isTrusted, cancellationToken).ConfigureAwait(false);
            _users = 1;
            return _master;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Leave(Master master)
    {
        _gate.Wait();
        try
        {
            if (!ReferenceEquals(master, _master))
            {
                // A dead connection that a later client replaced: nobody else's concern any more.
                master.Dispose();
            }
            else if (--_users == 0)
            {
                _master = null;
                master.Dispose();
            }
        }
        finally
        {
            _gate.Release();
        }
    }
}
