using System.Net;
using System.Net.Sockets;
using KextDev.Debuggers.Kdp;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>The other end of a session, which answers what the test says, byte by byte.</summary>
internal sealed class ScriptedTarget : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<byte[], IEnumerable<byte[]>> _answer;
    private readonly List<byte[]> _received = [];
    private readonly Task _serving;
    private EndPoint _debugger = new IPEndPoint(IPAddress.Any, 0);

    /// <param name="answer">The datagrams that a datagram is answered with; with none it is lost.</param>
    public ScriptedTarget(Func<byte[], IEnumerable<byte[]>> answer)
    {
        _answer = answer;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        _serving = ServeAsync();
    }

    public IPEndPoint EndPoint { get; }

    public IReadOnlyList<byte[]> Received
    {
        get
        {
            lock (_received)
            {
                return [.. _received];
            }
        }
    }

    public static KdpOptions Impatient { get; } = new() { ReplyTimeout = TimeSpan.FromMilliseconds(20), Tries = 2, Rounds = 2 };

    /// <summary>Only what never comes makes a test wait this long.</summary>
    public static KdpOptions Patient { get; } = new() { ReplyTimeout = TimeSpan.FromSeconds(5), Tries = 6, Rounds = 2 };

    /// <summary>A target of x86_64 that answers with bodies, in hexadecimal, by the request's number; those that a debugger begins with are known.</summary>
    public static ScriptedTarget Answering(Dictionary<int, string> bodies) => new(request => Answer(request, bodies));

    /// <summary>A reply as XNU makes it: over the request.</summary>
    public static byte[] Reply(byte[] request, string body)
    {
        var bytes = Convert.FromHexString(body.Replace(" ", "", StringComparison.Ordinal));
        return [(byte)(request[0] | 0x80), request[1], (byte)(8 + bytes.Length), (byte)((8 + bytes.Length) >> 8), .. request[4..8], .. bytes];
    }

    public static IEnumerable<byte[]> Answer(byte[] request, Dictionary<int, string> bodies)
    {
        var body = bodies.TryGetValue(request[0], out var given) ? given : request[0] switch
        {
            0 => "00000000",
            1 or 18 => "",
            2 => "03000000 07000001 03000000",
            3 => "0c000000 01000000 00000000 00000000",
            24 => "44617277696e00", // "Darwin"
            _ => null,
        };
        return body is null ? [] : [Reply(request, body)];
    }

    public async Task SendAsync(string datagram) => await _socket.SendToAsync(Convert.FromHexString(datagram.Replace(" ", "", StringComparison.Ordinal)), _debugger);

    /// <summary>Waits until as many datagrams have come as a condition wants.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<byte[]>, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!condition(Received))
        {
            await Task.Delay(5, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _serving;
        _socket.Dispose();
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        var buffer = new byte[2048];
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, _debugger, _end.Token);
                _debugger = received.RemoteEndPoint;
                var request = buffer[..received.ReceivedBytes];
                lock (_received)
                {
                    _received.Add(request);
                }

                foreach (var reply in _answer(request))
                {
                    await _socket.SendToAsync(reply, received.RemoteEndPoint);
                }
            }
            catch (SocketException)
            {
                // The debugger's socket is gone.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
