using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace KextDev.Debuggers.Gdb;

/// <summary>Asks a hypervisor's stub what the processors of its halted machine do. What it answers is a guest's: bounded and checked.</summary>
public sealed class GdbClient : IAsyncDisposable
{
    private const int MostProcessors = 256;

    // The stub answers within milliseconds; what is slower is no stub, or serves another.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private readonly Socket _socket;
    private readonly GdbPackets _packets = new();
    private readonly Queue<GdbPiece> _pieces = new();
    private readonly byte[] _buffer = new byte[64 << 10];

    private GdbClient(Socket socket) => _socket = socket;

    /// <exception cref="InfrastructureException">Nobody listens there, or answers.</exception>
    public static async Task<GdbClient> ConnectAsync(EndPoint stub, CancellationToken cancellationToken)
    {
        var client = new GdbClient(stub is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        try
        {
            await client._socket.ConnectAsync(stub, cancellationToken);
            await client.AskAsync("?", cancellationToken);
            return client;
        }
        catch (SocketException exception)
        {
            client._socket.Dispose();
            throw new InfrastructureException($"The gdb stub at {stub} was not reached: {exception.Message}. It serves one debugger at a time: end another one.", exception);
        }
        catch
        {
            client._socket.Dispose();
            throw;
        }
    }

    /// <summary>What each processor does, in their order.</summary>
    /// <exception cref="InfrastructureException">The stub's answer is none of an x86_64 machine.</exception>
    public async Task<IReadOnlyList<X86Processor>> ReadProcessorsAsync(CancellationToken cancellationToken)
    {
        var processors = new List<X86Processor>();
        var answer = await AskAsync("qfThreadInfo", cancellationToken);
        while (answer is ['m', .. var threads] && processors.Count < MostProcessors)
        {
            foreach (var thread in threads.Split(','))
            {
                await SelectAsync(thread, cancellationToken);
                var registers = await AskAsync("g", cancellationToken);
                processors.Add(
                    X86Processor.Parse(thread, registers)
                    ?? throw new InfrastructureException($"The gdb stub told registers that are none of an x86_64 processor's: {registers.Length / 2} bytes."));
            }

            answer = await AskAsync("qsThreadInfo", cancellationToken);
        }

        return processors;
    }

    /// <summary>Memory as a processor sees it; empty where nothing is mapped.</summary>
    public async Task<byte[]> ReadMemoryAsync(X86Processor processor, ulong address, int size, CancellationToken cancellationToken)
    {
        await SelectAsync(processor.Thread, cancellationToken);
        var answer = await AskAsync(string.Create(CultureInfo.InvariantCulture, $"m{address:x},{size:x}"), cancellationToken);
        return answer.StartsWith('E') ? [] : GdbPacket.Bytes(answer) is { } bytes && bytes.Length <= size ? bytes : [];
    }

    /// <summary>The machine stays halted.</summary>
    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<string> SelectAsync(string thread, CancellationToken cancellationToken) => AskAsync($"Hg{thread}", cancellationToken);

    private async Task<string> AskAsync(string question, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            await _socket.SendAsync(GdbPacket.Encode(question), limit.Token);
            var taken = false;
            while (true)
            {
                var piece = await ReadAsync(limit.Token);
                if (taken && piece.IsPacket)
                {
                    await _socket.SendAsync("+"u8.ToArray(), limit.Token);
                    return piece.Text;
                }

                // A stub that was connected to while its machine ran tells unasked that it stopped.
                taken |= piece.Acknowledges;
            }
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InfrastructureException($"The gdb stub did not answer '{question}' within {AnswerLimit.TotalSeconds:0} s.", exception);
        }
        catch (SocketException exception)
        {
            throw new InfrastructureException($"The gdb stub went away before it answered '{question}': {exception.Message}.", exception);
        }
    }

    private async Task<GdbPiece> ReadAsync(CancellationToken cancellationToken)
    {
        while (_pieces.Count == 0)
        {
            var count = await _socket.ReceiveAsync(_buffer, cancellationToken);
            if (count == 0)
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }

            foreach (var piece in _packets.Take(_buffer.AsSpan(0, count)))
            {
                _pieces.Enqueue(piece);
            }
        }

        return _pieces.Dequeue();
    }
}
