using System.Net;
using System.Net.Sockets;

namespace KextDev.Debuggers.Kdp;

/// <summary>KDP over a serial line (boot-arg kdp_match_name=serial), whose other end is a socket of this machine's.</summary>
internal sealed class KdpSerialLine : IKdpChannel
{
    /// <summary>For whoever lets us in, and takes what is sent.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly Socket _socket;
    private readonly NetworkStream _line;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly KdpFrameReader _reader = new();
    private readonly byte[] _buffer = new byte[4096];
    private int _next, _end;

    private KdpSerialLine(UnixDomainSocketEndPoint target, Socket socket)
    {
        Target = target;
        _socket = socket;
        _line = new NetworkStream(socket, ownsSocket: true);
    }

    public EndPoint Target { get; }

    /// <summary>There is nobody else on the line: the first one of those that XNU means for debuggers.</summary>
    public ushort Port => 41140;

    public bool IsClosed { get; private set; }

    /// <exception cref="KdpException">Nobody is at the other end.</exception>
    public static async Task<KdpSerialLine> OpenAsync(UnixDomainSocketEndPoint target, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(target, limit.Token);
            return new KdpSerialLine(target, socket);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new KdpException(
                KdpFailure.NoAnswer, $"No debugger reaches the serial line {target}: {exception.Message}. The machine is gone, or others have its line: start it, or end those.", exception);
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> packet, CancellationToken cancellationToken)
    {
        var bytes = KdpFrame.Encode(KdpEnvelope.Wrap(packet.Span, Port));
        await _turn.WaitAsync(cancellationToken);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Limit);
            await _line.WriteAsync(bytes, limit.Token);
        }
        catch (Exception exception) when (exception is IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Nobody takes it. What went of it is a frame that was cut.
            IsClosed |= exception is IOException;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task<byte[]?> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_next < _end)
            {
                if (_reader.Read(_buffer[_next++]) is { } frame && KdpEnvelope.Unwrap(frame.Span, Port) is { } packet)
                {
                    return packet;
                }
            }

            _next = 0;
            _end = await FillAsync(cancellationToken);
            if (_end == 0)
            {
                IsClosed = true;
                return null;
            }
        }
    }

    /// <summary>A hypervisor passes bytes on as its machine takes them, and drops what is left when it sees the line cut: it is told the end, and cuts it itself.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
            while (await _socket.ReceiveAsync(_buffer, limit.Token) > 0)
            {
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // It is cut already, or the machine stands still.
        }

        await _line.DisposeAsync();
        _turn.Dispose();
    }

    private async Task<int> FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _line.ReadAsync(_buffer, cancellationToken);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
