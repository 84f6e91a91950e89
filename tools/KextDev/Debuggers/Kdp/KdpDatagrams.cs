using System.Net;
using System.Net.Sockets;

namespace KextDev.Debuggers.Kdp;

/// <summary>KDP over UDP, as a kernel speaks it on its network card.</summary>
internal sealed class KdpDatagrams : IKdpChannel
{
    // One byte more than a packet has: a longer datagram is cut to what is no packet.
    private readonly byte[] _buffer = new byte[KdpPacket.MaxSize + 1];
    private readonly Socket _socket;

    public KdpDatagrams(IPEndPoint target)
    {
        Target = target;
        _socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);

        // Datagrams of others never arrive.
        _socket.Connect(target);
    }

    public EndPoint Target { get; }

    public ushort Port => (ushort)((IPEndPoint)_socket.LocalEndPoint!).Port;

    public bool IsClosed { get; private set; }

    public async Task SendAsync(ReadOnlyMemory<byte> packet, CancellationToken cancellationToken)
    {
        try
        {
            await _socket.SendAsync(packet, cancellationToken);
        }
        catch (SocketException exception)
        {
            // The socket tells here of an earlier datagram that nobody took.
            IsClosed |= exception.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }

    public async Task<byte[]?> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var length = await _socket.ReceiveAsync(_buffer, cancellationToken);
                IsClosed = false;
                return _buffer[..length];
            }
            catch (SocketException exception)
            {
                // Told once for each datagram that was sent, so this does not spin.
                IsClosed |= exception.SocketErrorCode == SocketError.ConnectionRefused;
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
