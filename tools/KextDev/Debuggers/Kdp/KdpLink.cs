using System.Net;
using System.Threading.Channels;

namespace KextDev.Debuggers.Kdp;

/// <summary>
/// Packets to and from one target: a request and its reply, sent again where one of them is lost; and the target's own word that it stopped, which is
/// acknowledged as often as it comes and told once. Whatever else comes is dropped.
/// </summary>
internal sealed class KdpLink : IAsyncDisposable
{
    /// <summary>A target stops once until it is resumed; what a hostile one says beyond that is dropped.</summary>
    private const int StopsMax = 8;

    private readonly IKdpChannel _channel;
    private readonly TimeSpan _replyTimeout;
    private readonly Channel<KdpStop> _stops = Channel.CreateBounded<KdpStop>(new BoundedChannelOptions(StopsMax) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _end = new();
    private readonly Task _receiving;
    private Question? _question;
    private byte _nextStop;

    /// <param name="channel">Disposed with this.</param>
    public KdpLink(IKdpChannel channel, TimeSpan replyTimeout)
    {
        _channel = channel;
        _replyTimeout = replyTimeout;
        _receiving = ReceiveAsync(_end.Token);
    }

    public EndPoint Target => _channel.Target;

    public ushort Port => _channel.Port;

    /// <summary>The machine itself said that nobody listens there.</summary>
    public bool IsClosed => _channel.IsClosed;

    /// <summary>Completed when the channel ended.</summary>
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
            for (var sent = 0; sent < tries && !_receiving.IsCompleted; sent++)
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

    public Task SendAsync(KdpPacket packet, CancellationToken cancellationToken) => _channel.SendAsync(packet.Encode(), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _receiving;
        await _channel.DisposeAsync();
        _end.Dispose();
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _channel.ReceiveAsync(cancellationToken) is { } bytes)
            {
                if (KdpPacket.Decode(bytes) is { } packet)
                {
                    await TakeAsync(packet, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
        finally
        {
            _stops.Writer.TryComplete();
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
