using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace KextDev.Debuggers.Kdp;

/// <summary>
/// Datagrams to and from one target: a request and its reply, sent again where one of them is lost; and the target's own word that it stopped, which is
/// acknowledged as often as it comes and told once. Whatever else comes is dropped.
/// </summary>
internal sealed class KdpLink : IAsyncDisposable
{
    /// <summary>A target stops once until it is resumed; what a hostile one says beyond that is dropped.</summary>
    private const int StopsMax = 8;

    private readonly Socket _socket;
    private readonly TimeSpan _replyTimeout;
    private readonly Channel<KdpStop> _stops = Channel.CreateBounded<KdpStop>(new BoundedChannelOptions(StopsMax) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _end = new();
    private readonly Task _receiving;
    private Question? _question;
    private byte _nextStop;

    public KdpLink(IPEndPoint target, TimeSpan replyTimeout)
    {
        Target = target;
        _replyTimeout = replyTimeout;
        _socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);

        // Datagrams of others never arrive.
        _socket.Connect(target);
        _receiving = ReceiveAsync(_end.Token);
    }

    public IPEndPoint Target { get; }

    public ushort Port => (ushort)((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>The machine itself said that nobody listens there.</summary>
    public bool IsClosed { get; private set; }

    public ChannelReader<KdpStop> Stops => _stops.Reader;

    /// <summary>For a session that begins: the target counts its stops from 0.</summary>
    public void ForgetStops()
    {
        _nextStop = 0;
        while (_stops.Reader.TryRead(out _))
        {
        }
    }

    /// <returns>The reply; the word that it stopped, where that comes instead of the reply to a resumption; null where neither came.</returns>
    public async Task<KdpPacket?> TryAskAsync(KdpPacket request, int tries, CancellationToken cancellationToken)
    {
        var question = new Question(request);
        Volatile.Write(ref _question, question);
        try
        {
            for (var sent = 0; sent < tries; sent++)
            {
                await SendAsync(request, cancellationToken);
                try
                {
                    return await question.Answer.Task.WaitAsync(_replyTimeout, cancellationToken);
                }
                catch (TimeoutException)
                {
                    // Sent again, unless that was the last time.
                }
            }

            return null;
        }
        finally
        {
            Volatile.Write(ref _question, null);
        }
    }

    public async Task SendAsync(KdpPacket packet, CancellationToken cancellationToken)
    {
        try
        {
            await _socket.SendAsync(packet.Encode(), cancellationToken);
        }
        catch (SocketException exception)
        {
            // As good as lost. The socket tells here of an earlier datagram that nobody took.
            IsClosed |= exception.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _receiving;
        _socket.Dispose();
        _end.Dispose();
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        // One byte more than a packet has: a longer datagram is cut to what is no packet.
        var buffer = new byte[KdpPacket.MaxSize + 1];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var length = await _socket.ReceiveAsync(buffer, cancellationToken);
                IsClosed = false;
                if (KdpPacket.Decode(buffer.AsSpan(0, length).ToArray()) is { } packet)
                {
                    await TakeAsync(packet, cancellationToken);
                }
            }
            catch (SocketException exception)
            {
                // Told once for each datagram that was sent, so this does not spin.
                IsClosed |= exception.SocketErrorCode == SocketError.ConnectionRefused;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task TakeAsync(KdpPacket packet, CancellationToken cancellationToken)
    {
        var question = Volatile.Read(ref _question);
        if (packet.IsReply)
        {
            if (question is not null && question.IsAnsweredBy(packet))
            {
                question.Answer.TrySetResult(packet);
            }

            return;
        }

        if (packet.Request != KdpRequest.Exception || KdpReply.Stop(packet.Body.Span) is not { } stop)
        {
            return;
        }

        // Its acknowledgement may be lost, and then it says it again.
        await SendAsync(packet with { IsReply = true, Body = default }, cancellationToken);
        if (IsNew(packet.Sequence))
        {
            _nextStop = (byte)(packet.Sequence + 1);
            _stops.Writer.TryWrite(stop);
            if (question?.Request.Request == KdpRequest.ResumeProcessors)
            {
                question.Answer.TrySetResult(packet);
            }
        }
    }

    private bool IsNew(byte sequence) => (sbyte)(sequence - _nextStop) >= 0;

    private sealed record Question(KdpPacket Request)
    {
        public TaskCompletionSource<KdpPacket> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsAnsweredBy(KdpPacket packet) =>
            packet.Request == Request.Request && packet.Sequence == Request.Sequence && packet.Key == Request.Key;
    }
}
