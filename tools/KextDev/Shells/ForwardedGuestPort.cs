using Renci.SshNet;
using Renci.SshNet.Common;

namespace KextDev.Shells;

/// <summary>A port on our loopback that leads to a port of a guest.</summary>
public sealed class ForwardedGuestPort : IAsyncDisposable
{
    private readonly ForwardedPortLocal? _port;

    internal ForwardedGuestPort(ForwardedPortLocal port)
    {
        _port = port;
        LocalPort = (int)port.BoundPort;
    }

    /// <param name="port">The guest's own, where the guest is this machine.</param>
    internal ForwardedGuestPort(int port) => LocalPort = port;

    /// <summary>TCP port on 127.0.0.1.</summary>
    public int LocalPort { get; }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Task.Run(() => _port?.Dispose());
        }
        catch (SshException)
        {
            // The connection is gone, and the port with it.
        }
    }
}
