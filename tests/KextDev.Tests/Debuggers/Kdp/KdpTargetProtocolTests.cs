using System.Net;
using System.Net.Sockets;
using KextDev.Tests.KextHost;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>The target's end byte by byte, as XNU's: no client of ours is between. The kernel stopped for a panic, which no request ends.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KdpTargetProtocolTests(KextHostBuild build) : IAsyncLifetime, IDisposable
{
    private const string Key = "88776655";

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private DebuggedHost _host = null!;
    private Task _asking = Task.CompletedTask;

    private string Port => Convert.ToHexString(BitConverter.GetBytes(IPAddress.HostToNetworkOrder((short)((IPEndPoint)_socket.LocalEndPoint!).Port)));

    public async Task InitializeAsync()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        _asking = _host.Host.DriveCommand("open", "sample", "ioctl", "0x80085301", "8").TryRunAsync(CancellationToken.None);
        await _host.UntilItWaitsAsync();
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _asking;
    }

    public void Dispose() => _socket.Dispose();

    [Fact]
    public async Task A_session_is_kept_in_order()
    {
        // Before anybody is connected: requests of every other kind and number are dropped.
        await SendAsync("02000800" + Key);
        await SendAsync("00011000" + Key + Port + Port + "61626300");
        await SendAsync("80001000" + Key + Port + Port + "61626300");
        await SendAsync("12000A00" + Key + Port);
        (await ReceiveAsync()).ShouldBe("92000800" + Key);

        var connection = "00001000" + Key + Port + Port + "61626300";
        (await AskAsync(connection)).ShouldBe("80000C00" + Key + "00000000");
        (await AskAsync("02010800" + Key)).ShouldBe("82011400" + Key + "010000000700000103000000");
        (await AskAsync("04020800" + Key)).ShouldBe("84020C00" + Key + "00040000");
        (await AskAsync("11030800" + Key)).ShouldBe("91031800" + Key + "0100000000000000FFFFFFFF07000000");

        // Repeated: the same reply. Out of its order: nothing.
        (await AskAsync("11030800" + Key)).ShouldBe("91031800" + Key + "0100000000000000FFFFFFFF07000000");
        await SendAsync("02060800" + Key);
        (await AskAsync("03040800" + Key)).ShouldBe("83041800" + Key + "0C000000010000000000000000000000");

        // The key of a request is its reply's, whatever it is.
        (await AskAsync("0405080001020304")).ShouldBe("84050C000102030400040000");

        // Another debugger, or this one by other words, is refused beside the session; by the same words it is the session's beginning.
        (await AskAsync("00001000" + "00000000" + Port + Port + "61626300")).ShouldBe("80000C0000000000" + "01000000");
        (await AskAsync("04060800" + Key)).ShouldBe("84060C00" + Key + "00040000");
        (await AskAsync(connection)).ShouldBe("80000C00" + Key + "00000000");
        (await AskAsync("04010800" + Key)).ShouldBe("84010C00" + Key + "00040000");

        // Disconnected; a panic goes on waiting. To reattach ends any session.
        (await AskAsync("01020800" + Key)).ShouldBe("81020800" + Key);
        await SendAsync("04030800" + Key);
        (await AskAsync(connection)).ShouldBe("80000C00" + Key + "00000000");
        (await AskAsync("12090A00" + Key + Port)).ShouldBe("92090800" + Key);
        (await AskAsync(connection)).ShouldBe("80000C00" + Key + "00000000");
    }

    [Fact]
    public async Task Requests_are_answered_with_errors_where_the_protocol_has_them()
    {
        await AskAsync("00001000" + Key + Port + Port + "61626300");

        (await AskAsync("14011400" + Key + "000000000000000001040000")).ShouldBe("94010C00" + Key + "02000000");
        (await AskAsync("14021400" + Key + "000000000000000000040000")).ShouldBe("94020C00" + Key + "04000000");
        (await AskAsync("15031500" + Key + "000000000000000001000000AA")).ShouldBe("95030C00" + Key + "04000000");
        (await AskAsync("15041500" + Key + "000000000000000002000000AA")).ShouldBe("95040C00" + Key + "02000000");
        (await AskAsync("07051000" + Key + "0000000003000000")).ShouldBe("87050C00" + Key + "03000000");
        (await AskAsync("07061000" + Key + "0000000004000000")).ShouldStartWith("8706B400" + Key + "00000000");
        (await AskAsync("07071000" + Key + "0000000005000000")).ShouldBe("87071802" + Key + "00000000" + new string('0', 2 * 524));
        (await AskAsync("17081000" + Key + "0000000000000000")).ShouldBe("97080C00" + Key + "65000000");
        (await AskAsync("16091000" + Key + "0000000000000000")).ShouldBe("96090C00" + Key + "04000000");

        // What is too short, or says another length than it has, counts as nothing.
        await SendAsync("140A1300" + Key + "0000000000000000040000");
        await SendAsync("140A1500" + Key + "000000000000000000040000");
        await SendAsync("090A0800" + Key);
        await SendAsync("7F0A0800" + Key);
        await SendAsync("");
        await SendAsync(new string('0', 4000));
        (await AskAsync("040A0800" + Key)).ShouldBe("840A0C00" + Key + "00040000");
    }

    /// <summary>Whatever comes, the next debugger is let in. What would start the machine anew, or write into it, is left out.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Hostile_datagrams_do_no_harm(int seed)
    {
        var random = new Random(seed);
        string[] requests =
        [
            "00001000" + Key + Port + Port + "61626300", "01010800" + Key, "02010800" + Key, "03010800" + Key, "04010800" + Key, "05011000" + Key + "0010000000040000",
            "07011000" + Key + "0000000004000000", "08011000" + Key + "0000000004000000", "0B010800" + Key, "0C010C00" + Key + "FFFFFFFF", "0F010C00" + Key + "00100000",
            "11010800" + Key, "12000A00" + Key + Port, "14011400" + Key + "00100000000000000004000000", "16011000" + Key + "0010000000000000",
            "17011000" + Key + "0010000000000000", "18010800" + Key, "1F016200" + Key,
        ];
        for (var i = 0; i < 4000; i++)
        {
            var datagram = Convert.FromHexString(requests[random.Next(requests.Length)]);
            var number = datagram[0];
            for (var changes = random.Next(4); changes > 0; changes--)
            {
                datagram[random.Next(1, datagram.Length)] = (byte)random.Next(256);
            }

            datagram[0] = (byte)(number | (random.Next(20) == 0 ? 0x80 : 0));
            await _socket.SendToAsync(random.Next(10) == 0 ? datagram[..random.Next(datagram.Length)] : datagram, _host.EndPoint);
        }

        await using var client = await _host.ConnectAsync(takeOver: true);
        client.KernelVersion.ShouldStartWith("Darwin Kernel Version");
        (await client.ReadMemoryAsync(_host.AddressOf("work"), 16, CancellationToken.None)).Length.ShouldBe(16);
    }

    private Task<int> SendAsync(string datagram) => _socket.SendToAsync(Convert.FromHexString(datagram), _host.EndPoint);

    private async Task<string> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var buffer = new byte[2000];
        var received = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), limit.Token);
        received.RemoteEndPoint.ShouldBe(_host.EndPoint);
        return Convert.ToHexString(buffer, 0, received.ReceivedBytes);
    }

    private async Task<string> AskAsync(string datagram)
    {
        await SendAsync(datagram);
        return await ReceiveAsync();
    }
}
