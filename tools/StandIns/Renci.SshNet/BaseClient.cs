using Renci.SshNet.Common;
using Renci.SshNet.OpenSsh;

namespace Renci.SshNet;

/// <summary>What the clients share: a connection.</summary>
public abstract class BaseClient : IDisposable
{
    private Master? _master;

    private protected BaseClient(ConnectionInfo connectionInfo) => ConnectionInfo = connectionInfo;

    /// <summary>The server's key is offered. Stricter than the published package: where nobody listens, no key is accepted.</summary>
    public event EventHandler<HostKeyEventArgs>? HostKeyReceived;

    public ConnectionInfo ConnectionInfo { get; }

    /// <summary>How often a silent server is asked whether it lives; never by default. Three questions without an answer end the connection.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = Timeout.InfiniteTimeSpan;

    public virtual bool IsConnected => _master is { IsAlive: true };

    /// <exception cref="SshConnectionException">The server's key was refused, or the connection broke.</exception>
    /// <exception cref="SshAuthenticationException">The server refused the user or the key.</exception>
    /// <exception cref="SshOperationTimeoutException">The connection info's timeout has passed.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">Nobody listens there, or there is no such host.</exception>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        if (IsConnected)
        {
            throw new InvalidOperationException("The client is already connected.");
        }

        Disconnect();
        _master = await ConnectionInfo.Link.JoinAsync(KeepAliveInterval, IsTrusted, cancellationToken).ConfigureAwait(false);
        OnConnected();
    }

    /// <summary>Ends this client's use of the connection.</summary>
    public void Disconnect()
    {
        OnDisconnecting();
        if (Interlocked.Exchange(ref _master, null) is { } master)
        {
            ConnectionInfo.Link.Leave(master);
        }
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Disconnect();
        }
    }

    private protected Master RequireConnection() => _master ?? throw new SshConnectionException("Client not connected.");

    private protected virtual void OnConnected()
    {
    }

    private protected virtual void OnDisconnecting()
    {
    }

    private bool IsTrusted(HostKeyEventArgs hostKey)
    {
        HostKeyReceived?.Invoke(this, hostKey);
        return hostKey.CanTrust;
    }
}
