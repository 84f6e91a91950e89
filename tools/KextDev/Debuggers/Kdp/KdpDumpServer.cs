using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace KextDev.Debuggers.Kdp;

/// <summary>
/// Receives what a panicking kernel sends where its boot-args name a server (_panicd_ip, panicd_port): the protocol of Apple's kdumpd, UDP, big-endian.
/// One transfer at a time. All that comes is hostile input: names are checked, sizes bounded, files never replaced.
/// <code>u16 operation | u32 block | data; a WRQ is u16 2 | name NUL "octet" NUL "features" NUL u32 features u32 packet size</code>
/// </summary>
public sealed partial class KdpDumpServer : IDisposable
{
    /// <summary>UDP, where the boot-args name none.</summary>
    public const int DefaultPort = 1069;

    private const ushort WriteRequest = 2, Data = 3, Acknowledgement = 4, Error = 5, Seek = 6, End = 7, Flush = 8;
    private const uint AccessViolation = 2, NoSpace = 3, IllegalOperation = 4, FileExists = 6;
    private const uint LargeOffsets = 1, LargePackets = 2;
    private const int HeaderSize = 6;

    private readonly Socket _socket;
    private readonly KdpDumpOptions _options;
    private readonly byte[] _buffer = new byte[65536];

    /// <param name="address">A network's own, where the kernel is on it; port 0 for any that is free.</param>
    /// <exception cref="InfrastructureException">It cannot listen there.</exception>
    public KdpDumpServer(IPEndPoint address, KdpDumpOptions options)
    {
        _options = options;
        _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            _socket.Bind(address);
        }
        catch (SocketException exception)
        {
            _socket.Dispose();
            throw new InfrastructureException($"No dump of a kernel can be received at {address}: {exception.Message}. Take another port, and tell the kernel by the boot-arg panicd_port.", exception);
        }
    }

    public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    public void Dispose() => _socket.Dispose();

    /// <summary>Waits for a kernel to send a file, and receives it.</summary>
    /// <param name="folder">Exists. While it is received the file is called NAME.part, and stays so where it is incomplete.</param>
    public async Task<KdpDump> ReceiveAsync(string folder, CancellationToken cancellationToken)
    {
        for (;;)
        {
            var (from, packet) = await ReceivePacketAsync(cancellationToken);
            if (Operation(packet) != WriteRequest || ReadRequest(packet) is not var (name, features))
            {
                continue;
            }

            var path = Path.Combine(folder, name);
            if (!FileName().IsMatch(name) || File.Exists(path) || File.Exists(path + ".part"))
            {
                await RefuseAsync(from, FileName().IsMatch(name) ? FileExists : AccessViolation, cancellationToken);
                continue;
            }

            string? problem;
            await using (var file = new FileStream(path + ".part", FileMode.CreateNew, FileAccess.ReadWrite))
            {
                problem = await TransferAsync(file, from, features & (LargeOffsets | LargePackets), cancellationToken) ?? await KdpDumpFile.FinishAsync(file, cancellationToken);
            }

            if (problem is not null)
            {
                return new KdpDump(path + ".part", problem);
            }

            File.Move(path + ".part", path);
            return new KdpDump(path, Problem: null);
        }
    }

    /// <returns>Why it ended before its end; null where it did not.</returns>
    private async Task<string?> TransferAsync(FileStream file, EndPoint kernel, uint features, CancellationToken cancellationToken)
    {
        uint last = 0;
        await AcknowledgeAsync(kernel, 0, features, cancellationToken);
        for (;;)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(_options.Silence);
            byte[] packet;
            try
            {
                packet = await ReceiveFromAsync(kernel, patience.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return $"The kernel said nothing for {_options.Silence.TotalSeconds:0.#} s, after {file.Length} bytes.";
            }

            var operation = Operation(packet);
            var block = operation == WriteRequest ? 0 : BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(2));
            if (operation == Error)
            {
                return $"The kernel ended it with error {block}, after {file.Length} bytes.";
            }

            // What was done is acknowledged again: its acknowledgement was lost.
            if (block == last)
            {
                await AcknowledgeAsync(kernel, block, block == 0 ? features : 0, cancellationToken);
            }

            if (block != unchecked(last + 1))
            {
                continue;
            }

            if (await DoAsync(file, operation, packet.AsMemory(HeaderSize), features, cancellationToken) is var (error, sentence))
            {
                await RefuseAsync(kernel, error, cancellationToken);
                return sentence;
            }

            last = block;
            await AcknowledgeAsync(kernel, block, 0, cancellationToken);
            if (operation == End)
            {
                return null;
            }
        }
    }

    /// <returns>Null where it is done.</returns>
    private async Task<(uint Error, string Sentence)?> DoAsync(FileStream file, ushort operation, ReadOnlyMemory<byte> data, uint features, CancellationToken cancellationToken)
    {
        switch (operation)
        {
            case Data when file.Position + data.Length <= _options.MaxSize:
                await file.WriteAsync(data, cancellationToken);
                return null;
            case Seek when ReadOffset(data.Span, features) is { } offset && offset <= (ulong)_options.MaxSize:
                file.Position = (long)offset;
                return null;
            case Data or Seek:
                return (NoSpace, $"The kernel sends more than {_options.MaxSize} bytes, which is more than is taken.");
            case End or Flush:
                return null;
            default:
                return (IllegalOperation, $"The kernel asks for operation {operation}, which the protocol does not have.");
        }
    }

    private static ulong? ReadOffset(ReadOnlySpan<byte> data, uint features) => (features & LargeOffsets) != 0
        ? data.Length >= 8 ? BinaryPrimitives.ReadUInt64BigEndian(data) : null
        : data.Length >= 4 ? BinaryPrimitives.ReadUInt32BigEndian(data) : null;

    private static ushort Operation(byte[] packet) => BinaryPrimitives.ReadUInt16BigEndian(packet);

    private static (string Name, uint Features)? ReadRequest(byte[] packet)
    {
        var parts = Encoding.Latin1.GetString(packet, 2, packet.Length - 2).Split('\0', 4);
        return parts is [var name, "octet", "features", var words] && words.Length >= 4
            ? (name, BinaryPrimitives.ReadUInt32BigEndian(Encoding.Latin1.GetBytes(words)))
            : parts.Length >= 2 && parts[1] == "octet" ? (parts[0], 0) : null;
    }

    private async Task<byte[]> ReceiveFromAsync(EndPoint kernel, CancellationToken cancellationToken)
    {
        for (;;)
        {
            var (from, packet) = await ReceivePacketAsync(cancellationToken);
            if (from.Equals(kernel))
            {
                return packet;
            }
        }
    }

    private async Task<(EndPoint From, byte[] Packet)> ReceivePacketAsync(CancellationToken cancellationToken)
    {
        for (;;)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(_buffer, new IPEndPoint(EndPoint.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0), cancellationToken);
                if (received.ReceivedBytes >= HeaderSize)
                {
                    return (received.RemoteEndPoint, _buffer[..received.ReceivedBytes]);
                }
            }
            catch (SocketException)
            {
                // Told once for an answer that nobody took.
            }
        }
    }

    private async Task AcknowledgeAsync(EndPoint kernel, uint block, uint features, CancellationToken cancellationToken) =>
        await SendAsync(kernel, (ushort)(Acknowledgement | (features << 8)), block, cancellationToken);

    private async Task RefuseAsync(EndPoint kernel, uint error, CancellationToken cancellationToken) => await SendAsync(kernel, Error, error, cancellationToken);

    private async Task SendAsync(EndPoint kernel, ushort operation, uint number, CancellationToken cancellationToken)
    {
        var packet = new byte[HeaderSize + (operation == Error ? 1 : 0)]; // The text of an error is empty.
        BinaryPrimitives.WriteUInt16BigEndian(packet, operation);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(2), number);
        try
        {
            await _socket.SendToAsync(packet, kernel, cancellationToken);
        }
        catch (SocketException)
        {
            // As good as lost: it asks again.
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileName();
}
