using System.Net;
using System.Net.Sockets;

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

    private readonly EndPoint _stub;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _serving;

    private GdbRelay(EndPoint stub, TcpListener listener)
    {
        _stub = stub;
        _listener = listener;
        _serving = ServeAsync();
    }

    /// <summary>A port of loopback that the system chose.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <param name="stub">Where the stub speaks.</param>
    public static GdbRelay Open(EndPoint stub)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(backlog: 1);
        return new GdbRelay(stub, listener);
    }

    /// <summary>Ends a session that is on, as if its debugger had left.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _serving;
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var debugger = await _listener.AcceptSocketAsync(_end.Token);
                try
                {
                    await new Session(debugger).RunAsync(_stub, _end.Token);
                }
                catch (SocketException)
                {
                    // The stub is gone, which the debugger sees by its closed connection.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the relay.
        }
    }

    private sealed class Session(Socket debugger)
    {
        private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _runs;
        private volatile bool _detached;
        private volatile bool _leaving;

        public async Task RunAsync(EndPoint endPoint, CancellationToken cancellationToken)
        {
            using var stub = endPoint is UnixDomainSocketEndPoint
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            debugger.NoDelay = true;
            await stub.ConnectAsync(endPoint, cancellationToken);
            var answers = ToDebuggerAsync(stub);
            var requests = ToStubAsync(stub);
            using (cancellationToken.Register(() => End(debugger)))
            {
                await Task.WhenAny(requests, answers);
            }

            await DetachAsync(stub, answers);
            End(stub);
            End(debugger);
            await Task.WhenAll(requests, answers);
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

        private async Task ToStubAsync(Socket stub)
        {
            await foreach (var piece in ReadAsync(debugger))
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
        private async Task ToDebuggerAsync(Socket stub)
        {
            await foreach (var piece in ReadAsync(stub))
            {
                if (piece.TellsStop)
                {
                    _runs = false;
                    _ = _leaving && _stopped.TrySetResult();
                }
                else if (piece.IsPacket && _leaving)
                {
                    _answered.TrySetResult();
                }

                if (!_leaving)
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

        private async Task DetachAsync(Socket stub, Task answers)
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

                // The acknowledgement is of an answer that the debugger may not have waited for.
                await stub.SendAsync((byte[])[(byte)'+', .. GdbPiece.Packet("D").Bytes]);
                await _answered.Task.WaitAsync(DetachLimit);
            }
            catch (Exception exception) when (exception is SocketException or TimeoutException)
            {
                // A stub that is gone or silent cannot be asked; the guest's own end of the stub lets the machine run on.
            }
        }

        private static async IAsyncEnumerable<GdbPiece> ReadAsync(Socket socket)
        {
            var packets = new GdbPackets();
            var buffer = new byte[BufferSize];
            while (true)
            {
                int count;
                try
                {
                    count = await socket.ReceiveAsync(buffer);
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
