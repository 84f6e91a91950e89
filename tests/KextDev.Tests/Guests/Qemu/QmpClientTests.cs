using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using KextDev.Guests.Qemu;

namespace KextDev.Tests.Guests.Qemu;

/// <summary>A peer that says whatever a test wants it to; the real QEMU is spoken to in the guest tests.</summary>
public sealed class QmpClientTests : IDisposable
{
    private const string Greeting = """{"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": []}}""";

    private readonly TemporaryFolder _folder = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public QmpClientTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
    }

    private string SocketPath => _folder.Combine("qmp");

    public void Dispose()
    {
        _listener.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Tells_answers_apart_by_their_ids_whatever_comes_between()
    {
        var (client, peer) = await ConnectAsync();
        await using var _ = client;
        var first = client.ExecuteAsync("query-status", null, CancellationToken.None);
        var second = client.ExecuteAsync("query-name", new JsonObject { ["detail"] = true }, CancellationToken.None);
        (await peer.ReadAsync()).ShouldBe("""{"execute":"query-status","id":2}""");
        (await peer.ReadAsync()).ShouldBe("""{"execute":"query-name","arguments":{"detail":true},"id":3}""");

        await peer.WriteAsync(
            "no JSON at all", "[1, 2]", "17", """{"id": "3", "return": "wrong"}""", """{"id": 99, "return": 0}""", """{"event": 5}""",
            """{"id": 3, "return": {"name": "x"}}""", """{"id": 2, "return": {"status": "running"}}""");

        (await first).GetProperty("status").GetString().ShouldBe("running");
        (await second).GetProperty("name").GetString().ShouldBe("x");
    }

    [Fact]
    public async Task A_refusal_is_told_in_QEMUs_words()
    {
        var (client, peer) = await ConnectAsync();
        await using var _ = client;
        var refused = client.ExecuteAsync("dance", null, CancellationToken.None);
        await peer.WriteAsync("""{"id": 2, "error": {"class": "CommandNotFound", "desc": "The command dance has not been found"}}""");

        (await Should.ThrowAsync<QmpException>(refused)).Message.ShouldBe("QEMU refused 'dance': The command dance has not been found");
    }

    [Fact]
    public async Task Whoever_waits_is_told_when_the_connection_ends()
    {
        var (client, peer) = await ConnectAsync();
        await using var _ = client;
        var events = client.Subscribe();
        var waiting = client.ExecuteAsync("query-status", null, CancellationToken.None);
        await peer.WriteAsync("""{"event": "SHUTDOWN", "data": {"reason": "guest-panic"}}""");
        peer.Dispose();

        await Should.ThrowAsync<QmpException>(waiting);
        (await events.ReadAsync()).Name.ShouldBe("SHUTDOWN");
        (await events.WaitToReadAsync()).ShouldBeFalse();
        await Should.ThrowAsync<QmpException>(client.ExecuteAsync("query-status", null, CancellationToken.None));
        (await client.Subscribe().WaitToReadAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_peer_that_closes_without_a_greeting_is_no_QEMU()
    {
        var connecting = QmpClient.ConnectAsync(SocketPath, CancellationToken.None);
        (await _listener.AcceptAsync()).Dispose();

        (await Should.ThrowAsync<QmpException>(connecting)).Message.ShouldContain("without a greeting");
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_on_is_no_QEMU()
    {
        _listener.Close();

        (await Should.ThrowAsync<QmpException>(QmpClient.ConnectAsync(SocketPath, CancellationToken.None))).Message.ShouldContain(SocketPath);
    }

    [Fact]
    public async Task Waiting_for_an_answer_can_be_cancelled_and_the_connection_goes_on()
    {
        var (client, peer) = await ConnectAsync();
        await using var _ = client;
        using var cancel = new CancellationTokenSource();
        var slow = client.ExecuteAsync("slow", null, cancel.Token);
        await peer.ReadAsync();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(slow);

        var next = client.ExecuteAsync("next", null, CancellationToken.None);
        await peer.WriteAsync("""{"id": 2, "return": "late"}""", """{"id": 3, "return": "next"}""");

        (await next).GetString().ShouldBe("next");
    }

    private async Task<(QmpClient Client, Peer Peer)> ConnectAsync()
    {
        var connecting = QmpClient.ConnectAsync(SocketPath, CancellationToken.None);
        var peer = new Peer(await _listener.AcceptAsync());
        await peer.WriteAsync(Greeting);
        (await peer.ReadAsync()).ShouldBe("""{"execute":"qmp_capabilities","id":1}""");
        await peer.WriteAsync("""{"id": 1, "return": {}}""");
        return (await connecting, peer);
    }

    private sealed class Peer(Socket socket) : IDisposable
    {
        private readonly StreamReader _reader = new(new NetworkStream(socket, ownsSocket: true));

        public async Task<string?> ReadAsync() => await _reader.ReadLineAsync();

        public async Task WriteAsync(params string[] lines) => await socket.SendAsync(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));

        public void Dispose() => _reader.Dispose();
    }
}
