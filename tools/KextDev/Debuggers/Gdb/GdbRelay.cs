using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace KextDev.Debuggers.Gdb;

/// <summary>
/// Stands between a debugger and a hypervisor's stub, so that a debugger that leaves, in whatever way, leaves a kernel that runs: lldb kills what it debugs
/// when it quits, which ends QEMU. Here a kill is a detach, and so is a connection that breaks. Debuggers may come one after the other.
/// </summary>
public sealed class GdbRelay : IAsyncDisposable
{
    private const int BufferSize = 64 << 10;

    // A stub that does not answer any more must not hold up the end of a session.
    private static readonly TimeSpan DetachLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private readonly EndPoint _stub;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _serving;

    private GdbRelay(EndPoint stub, Socket connected, TcpListener listener)
    {
        _stub = stub;
        _listener = listener;
        _serving = ServeAsync(connected);
    }

    /// <summary>A port of loopback that the system chose.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connects at once, which halts a machine that runs, and returns when it stands.</summary>
    /// <param name="stub">Where the stub speaks.</param>
    /// <exception cref="SocketException">Nobody listens there, or answers.</exception>
    public static async Task<GdbRelay> OpenAsync(EndPoint stub, CancellationToken cancellationToken)
    {
        var connected = await ConnectAsync(stub, cancellationToken);
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(backlog: 1);
        return new GdbRelay(stub, connected, listener);
    }

    /// <summary>Ends a session that is on, as if its debugger had left.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_end.IsCancellationRequested)
        {
            return;
        }

        await _end.CancelAsync();
        await _serving;
        _listener.Dispose();
        _end.Dispose();
    }

    private static async Task<Socket> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            await HaltAsync(socket, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // A machine that ran tells unasked that it was stopped by the connection, which a debugger would take for the answer to its first question.
    private static async Task HaltAsync(Socket stub, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        await stub.SendAsync(GdbPiece.Packet("?").Bytes, limit.Token);
        var taken = false;
        try
        {
            await foreach (var piece in Session.ReadAsync(stub, limit.Token))
            {
                if (taken && piece.IsPacket)
                {
                    await stub.SendAsync("+"u8.ToArray(), limit.Token);
                    return;
                }

                taken |= piece.Acknowledges;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Another debugger has it, or it is no stub.
        }

        throw new SocketException((int)SocketError.TimedOut);
    }

    private async Task ServeAsync(Socket connected)
    {
        var first = connected;
        try
        {
            while (true)
            {
                using var debugger = await _listener.AcceptSocketAsync(_end.Token);
                try
                {
                    using var stub = first ?? await ConnectAsync(_stub, _end.Token);
                    first = null;
                    await new Session(stub).RunAsync(debugger, _end.Token);
                }
                catch (SocketException)
                {
                    // The stub is gone, which the debugger sees by its closed connection.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the relay. Where no debugger came, the machine is halted still.
            using var unused = first;
            await (unused is null ? Task.CompletedTask : new Session(unused).LeaveAsync());
        }
    }

    private sealed class Session(Socket stub)
    {
        private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource<GdbPiece> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _runs;
        private volatile bool _detached;
        private volatile bool _leaving;

        public async Task RunAsync(Socket debugger, CancellationToken cancellationToken)
        {
            debugger.NoDelay = true;
            var answers = ToDebuggerAsync(debugger);
            var requests = ToStubAsync(debugger);
            using (cancellationToken.Register(() => End(debugger)))
            {
                await Task.WhenAny(requests, answers);
            }

            await DetachAsync(answers);
            End(stub);
            End(debugger);
            await Task.WhenAll(requests, answers);
        }

        /// <summary>Lets a machine run on that no debugger came for.</summary>
        public async Task LeaveAsync()
        {
            var answers = ToDebuggerAsync(debugger: null);
            await DetachAsync(answers);
            End(stub);
            await answers;
        }

        // A socket that is closed while it is read from resets its connection, and the peer loses what it has not read yet.
        private static void End(Socket socket)
        {
            try
            {
                socket.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException)
            {
                // Its peer was faster.
            }
        }

        private async Task ToStubAsync(Socket debugger)
        {
            await foreach (var piece in ReadAsync(debugger, CancellationToken.None))
            {
                if (piece.Kills)
                {
                    return;
                }

                _detached |= piece.Detaches;
                _runs |= piece.Resumes;
                await SendAsync(stub, piece);
            }
        }

        // Goes on when the debugger has left: the stub's last answers are ours.
        private async Task ToDebuggerAsync(Socket? debugger)
        {
            await foreach (var piece in ReadAsync(stub, CancellationToken.None))
            {
                if (piece.TellsStop)
                {
                    _runs = false;
                    _ = _leaving && _stopped.TrySetResult();
                }
                else if (piece.IsPacket && _leaving)
                {
                    _answer.TrySetResult(piece);
                }

                if (!_leaving && debugger is not null)
                {
                    await SendAsync(debugger, piece);
                }
            }
        }

        // Who has left is noticed by reading.
        private static async Task SendAsync(Socket socket, GdbPiece piece)
        {
            try
            {
                await socket.SendAsync(piece.Bytes);
            }
            catch (SocketException)
            {
            }
        }

        // The acknowledgement is of an answer that the debugger may not have waited for.
        private async Task<GdbPiece> AskAsync(string body)
        {
            _answer = new TaskCompletionSource<GdbPiece>(TaskCreationOptions.RunContinuationsAsynchronously);
            await stub.SendAsync((byte[])[(byte)'+', .. GdbPiece.Packet(body).Bytes]);
            return await _answer.Task.WaitAsync(DetachLimit);
        }

        private async Task DetachAsync(Task answers)
        {
            _leaving = true;
            if (_detached || answers.IsCompleted)
            {
                return;
            }

            try
            {
                if (_runs)
                {
                    await stub.SendAsync(GdbPiece.Interrupt.Bytes);
                    await _stopped.Task.WaitAsync(DetachLimit);
                }

                // With a debugger that knows several processes a stub wants to be told from which to detach: a machine is the first.
                if ((await AskAsync("D")).Refuses)
                {
                    await AskAsync("D;1");
                }
            }
            catch (Exception exception) when (exception is SocketException or TimeoutException)
            {
                // A stub that is gone or silent cannot be asked; the guest's own end of the stub lets the machine run on.
            }
        }

        public static async IAsyncEnumerable<GdbPiece> ReadAsync(Socket socket, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var packets = new GdbPackets();
            var buffer = new byte[BufferSize];
            while (true)
            {
                int count;
                try
                {
                    count = await socket.ReceiveAsync(buffer, cancellationToken);
                }
                catch (SocketException)
                {
                    yield break;
                }

                if (count == 0)
                {
                    yield break;
                }

                foreach (var piece in packets.Take(buffer.AsSpan(0, count)))
                {
                    yield return piece;
                }
            }
        }
    }
}
