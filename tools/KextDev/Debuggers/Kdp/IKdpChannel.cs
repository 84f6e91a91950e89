using System.Net;

namespace KextDev.Debuggers.Kdp;

/// <summary>Carries packets of KDP to one target and back, as well as it can: some may be lost, come twice or out of order.</summary>
/// <remarks>Disposing it delivers what was sent, as well as it can.</remarks>
internal interface IKdpChannel : IAsyncDisposable
{
    EndPoint Target { get; }

    /// <summary>Where the target is told to send its replies and exceptions.</summary>
    ushort Port { get; }

    /// <summary>Whether it is sure that nobody is at the other end, for now.</summary>
    bool IsClosed { get; }

    /// <summary>What cannot be sent is as good as lost. Several tasks may send.</summary>
    Task SendAsync(ReadOnlyMemory<byte> packet, CancellationToken cancellationToken);

    /// <returns>What came next from the target: hostile bytes, no more than a packet has and one. Null when nothing will come any more.</returns>
    Task<byte[]?> ReceiveAsync(CancellationToken cancellationToken);
}
