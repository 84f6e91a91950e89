using System.Net;
using System.Net.Sockets;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>
/// A network between a debugger and a kernel that loses a fifth of the datagrams, delivers a fifth twice and holds a fifth back until the next ones, each way.
/// What a debugger tells of its ports is changed as a translator of addresses would.
/// </summary>
internal sealed class LossyNetwork : IAsyncDisposable
{
    private static readonly TimeSpan HeldAtMost = TimeSpan.FromMilliseconds(30);

    private readonly Socket _near = Bound(), _far = Bound();
    private readonly CancellationTokenSource _end = new();
    private readonly IPEndPoint _kernel;
    private readonly Task _running;
    private EndPoint _debugger = new IPEndPoint(IPAddress.Any, 0);

    public LossyNetwork(IPEndPoint kernel, int seed)
    {
        _kernel = kernel;
        _running = Task.WhenAll(CarryAsync(_near, outward: true, new Random(seed)), CarryAsync(_far, outward: false, new Random(seed + 1000)));
    }

    /// <summary>What the debugger takes for the kernel.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_near.LocalEndPoint!;

    public int Lost { get; private set; }

    public int Doubled { get; private set; }

    public int Held { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _near.Dispose();
        _far.Dispose();
        _end.Dispose();
    }

    private static Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private async Task CarryAsync(Socket from, bool outward, Random random)
    {
        var held = new List<byte[]>();
        var buffer = new byte[2048];
        while (!_end.IsCancellationRequested)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            if (held.Count > 0)
            {
                patience.CancelAfter(HeldAtMost);
            }

            try
            {
                var received = await from.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), patience.Token);
                _debugger = outward ? received.RemoteEndPoint : _debugger;
                var datagram = buffer[..received.ReceivedBytes];
                switch (random.Next(5))
                {
                    case 0:
                        Lost++;
                        break;
                    case 1:
                        Doubled++;
                        await DeliverAsync(datagram, outward);
                        await DeliverAsync(datagram, outward);
                        break;
                    case 2:
                        Held++;
                        held.Add(datagram);
                        continue;
                    default:
                        await DeliverAsync(datagram, outward);
                        break;
                }
            }
            catch (OperationCanceledException)
            {
                // What was held long enough goes on.
            }
            catch (SocketException)
            {
                continue;
            }

            foreach (var datagram in held)
            {
                await DeliverAsync(datagram, outward);
            }

            held.Clear();
        }
    }

    private async Task DeliverAsync(byte[] datagram, bool outward)
    {
        if (!outward)
        {
            await _near.SendToAsync(datagram, _debugger);
            return;
        }

        var translated = datagram.ToArray();
        var port = (ushort)((IPEndPoint)_far.LocalEndPoint!).Port;
        byte[] bytes = [(byte)(port >> 8), (byte)port];
        var ports = datagram[0] switch { 0 => 2, 18 => 1, _ => 0 };
        for (var i = 0; i < ports; i++)
        {
            bytes.CopyTo(translated, 8 + (2 * i));
        }

        await _far.SendToAsync(translated, _kernel);
    }
}
