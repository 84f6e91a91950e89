using System.Net;
using System.Net.Sockets;
using System.Text;
using KextDev.Debuggers.Gdb;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>A debugger that says what a test says, and no more.</summary>
internal sealed class GdbDebugger : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly NetworkStream _stream;

    private GdbDebugger(NetworkStream stream) => _stream = stream;

    public static async Task<GdbDebugger> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new GdbDebugger(new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>As it stands; where the other end hung up, nothing.</summary>
    public async Task SendRawAsync(string text)
    {
        try
        {
            await _stream.WriteAsync(Encoding.Latin1.GetBytes(text));
        }
        catch (IOException)
        {
        }
    }

    public Task InterruptAsync() => SendRawAsync("\u0003");

    public Task SendAsync(string command) => SendRawAsync(Encoding.Latin1.GetString(GdbPacket.Encode(command)));

    public async Task<string> AskAsync(string command)
    {
        await SendAsync(command);
        return await ReceiveAsync();
    }

    /// <summary>The next packet, acknowledged; acknowledgements before it are passed over.</summary>
    public async Task<string> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        var data = new StringBuilder();
        while (await ByteAsync(limit.Token) is var start && start != '$')
        {
            start.ShouldBe('+');
        }

        while (await ByteAsync(limit.Token) is var next && next != '#')
        {
            data.Append(next);
        }

        var digits = new string([await ByteAsync(limit.Token), await ByteAsync(limit.Token)]);
        digits.ShouldBe($"{GdbPacket.Checksum(data.ToString()):x2}");
        await SendRawAsync("+");
        return GdbPacket.Unescape(data.ToString());
    }

    public async ValueTask DisposeAsync() => await _stream.DisposeAsync();

    private async Task<char> ByteAsync(CancellationToken cancellationToken)
    {
        var one = new byte[1];
        await _stream.ReadExactlyAsync(one, cancellationToken);
        return (char)one[0];
    }
}
