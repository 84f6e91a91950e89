using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace KextDev.Tests.Shells;

/// <summary>A line to a server that can be cut: what runs behind the server lives on, and a new call gets through.</summary>
internal sealed class RelayedLine : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> _ends = [];
    private readonly string _host;
    private readonly int _port;

    public RelayedLine(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        _ = AnswerAsync();
    }

    /// <summary>How many have come so far.</summary>
    public int Calls { get; private set; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Breaks off all calls; what is on its way is lost.</summary>
    public void Cut()
    {
        while (_ends.TryTake(out var end))
        {
            end.Dispose();
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var caller = await _listener.AcceptTcpClientAsync();
                Calls++;
                var server = new TcpClient(_host, _port);
                _ends.Add(caller);
                _ends.Add(server);
                _ = Task.WhenAll(CarryAsync(caller, server), CarryAsync(server, caller));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The line is given up.
        }
    }

    private static async Task CarryAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // Cut.
        }
        finally
        {
            to.Dispose();
        }
    }
}
