using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace KextDev.Debuggers.Gdb;

/// <summary>What a debugger says.</summary>
internal abstract record GdbMessage;

/// <summary>A packet whose checksum was right, unescaped.</summary>
internal sealed record GdbCommand(string Data) : GdbMessage;

/// <summary>Ctrl-C: it wants the target to stop.</summary>
internal sealed record GdbInterruption : GdbMessage;

/// <summary>One debugger, connected by gdb's remote protocol. What it says is read all the time; the channel ends when it is gone.</summary>
internal sealed class GdbConnection : IAsyncDisposable
{
    private const byte Interrupt = 3;

    private readonly NetworkStream _stream;
    private readonly Channel<GdbMessage> _messages = Channel.CreateBounded<GdbMessage>(64);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _reading;
    private volatile bool _acknowledges = true;

    public GdbConnection(Socket socket)
    {
        socket.NoDelay = true;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reading = ReadAsync();
    }

    public ChannelReader<GdbMessage> Messages => _messages.Reader;

    /// <summary>After the reply to QStartNoAckMode.</summary>
    public void StopAcknowledging() => _acknowledges = false;

    /// <returns>False where the debugger is gone.</returns>
    public async Task<bool> TrySendAsync(string data, CancellationToken cancellationToken)
    {
        try
        {
            await _stream.WriteAsync(GdbPacket.Encode(data), cancellationToken);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _reading;
        await _stream.DisposeAsync();
        _end.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            var reader = new PacketReader(_stream);
            while (await reader.ReadAsync(_end.Token) is { } read)
            {
                switch (read)
                {
                    case Interrupt:
                        await _messages.Writer.WriteAsync(new GdbInterruption(), _end.Token);
                        break;
                    case string packet:
                        var data = packet[..^2];
                        var whole = GdbPacket.TryNumber(packet[^2..], out var checksum) && checksum == GdbPacket.Checksum(data);
                        if (_acknowledges)
                        {
                            await _stream.WriteAsync(whole ? "+"u8.ToArray() : "-"u8.ToArray(), _end.Token);
                        }

                        if (whole)
                        {
                            await _messages.Writer.WriteAsync(new GdbCommand(GdbPacket.Unescape(data)), _end.Token);
                        }

                        break;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The debugger is gone, or we are.
        }
        finally
        {
            _messages.Writer.TryComplete();
        }
    }

    /// <summary>Cuts what comes into packets and single bytes between them.</summary>
    private sealed class PacketReader(Stream stream)
    {
        private readonly byte[] _buffer = new byte[4096];
        private int _start, _end;

        /// <returns>A packet's data and its two digits; a byte that stood by itself; null at the end, or where a packet never ends.</returns>
        public async Task<object?> ReadAsync(CancellationToken cancellationToken)
        {
            if (await ByteAsync(cancellationToken) is not { } first)
            {
                return null;
            }

            if (first != (byte)'$')
            {
                return first;
            }

            var data = new StringBuilder();
            while (await ByteAsync(cancellationToken) is { } next)
            {
                if (next == (byte)'#')
                {
                    var digits = (await ByteAsync(cancellationToken), await ByteAsync(cancellationToken));
                    return digits is ({ } high, { } low) ? data.Append((char)high).Append((char)low).ToString() : null;
                }

                // Each byte of it may be escaped.
                if (data.Length >= 2 * GdbPacket.MaxData)
                {
                    return null;
                }

                data.Append((char)next);
            }

            return null;
        }

        private async Task<byte?> ByteAsync(CancellationToken cancellationToken)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = await stream.ReadAsync(_buffer, cancellationToken);
            }

            return _end == 0 ? null : _buffer[_start++];
        }
    }
}
