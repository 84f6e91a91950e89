using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Renci.SshNet.Common;
using Renci.SshNet.OpenSsh;

namespace Renci.SshNet;

/// <summary>A way through the connection; it leads from its start to its stop.</summary>
public abstract class ForwardedPort : IDisposable
{
    public abstract bool IsStarted { get; }

    internal Master? Master { get; set; }

    public abstract void Start();

    public abstract void Stop();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing && IsStarted)
        {
            Stop();
        }
    }
}

/// <summary>A port here whose connections come out at the server's side.</summary>
public class ForwardedPortLocal : ForwardedPort
{
    private const int Attempts = 5;
    private readonly IPAddress _address;
    private bool _isStarted;

    /// <param name="boundHost">A loopback address. The published package listens on any; this project on none but loopback.</param>
    /// <param name="boundPort">0 chooses a free one.</param>
    /// <param name="host">As the server names it.</param>
    /// <param name="port">There.</param>
    public ForwardedPortLocal(string boundHost, uint boundPort, string host, uint port)
    {
        _address = IPAddress.TryParse(boundHost, out var address) && IPAddress.IsLoopback(address)
            ? address
            : throw new ArgumentException($"'{boundHost}' is no loopback address.", nameof(boundHost));
        BoundHost = boundHost;
        BoundPort = boundPort;
        Host = host;
        Port = port;
    }

    public string BoundHost { get; }

    /// <summary>The chosen port once started.</summary>
    public uint BoundPort { get; private set; }

    public string Host { get; }

    public uint Port { get; }

    public override bool IsStarted => _isStarted;

    /// <exception cref="InvalidOperationException">The port was not added to a client.</exception>
    /// <exception cref="SshException">The port is taken.</exception>
    public override void Start()
    {
        var master = Master ?? throw new InvalidOperationException("Forwarded port is not added to a client.");
        var isChosenHere = BoundPort == 0;
        for (var attempt = 1; !_isStarted; attempt++)
        {
            BoundPort = isChosenHere ? FreePort() : BoundPort;
            try
            {
                master.Control("forward", "-L", Route());
                _isStarted = true;
            }
            catch (SshException exception) when (isChosenHere && attempt < Attempts && exception is not SshConnectionException)
            {
                // Somebody took the port between our look and the bind.
            }
        }
    }

    public override void Stop()
    {
        _isStarted = false;
        if (Master is { IsAlive: true } master)
        {
            master.Control("cancel", "-L", Route());
        }
    }

    private string Route() => string.Create(CultureInfo.InvariantCulture, $"[{BoundHost}]:{BoundPort}:[{Host}]:{Port}");

    private uint FreePort()
    {
        using var listener = new TcpListener(_address, 0);
        listener.Start();
        return (uint)((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
