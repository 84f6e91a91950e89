using System.Net;
using System.Net.Sockets;
using KextDev.Guests.Ssh;

namespace KextDev.Tests.Guests.Ssh;

public sealed class SshBannerTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public SshBannerTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Is_not_fooled_by_a_port_that_accepts_and_says_nothing()
    {
        var failures = new List<string>();
        using var cancel = new CancellationTokenSource();

        var waiting = SshBanner.WaitAsync("127.0.0.1", Port, failure => Add(failures, failure, cancel), cancel.Token);

        await Should.ThrowAsync<OperationCanceledException>(waiting);
        failures.ShouldAllBe(failure => failure == "connected, but no banner came");
    }

    [Fact]
    public async Task Ends_when_a_server_introduces_itself_in_pieces()
    {
        var waiting = SshBanner.WaitAsync("127.0.0.1", Port, _ => { }, CancellationToken.None);
        using (var mute = await _listener.AcceptSocketAsync())
        {
        }

        using var server = await _listener.AcceptSocketAsync();
        await server.SendAsync("SS"u8.ToArray());
        await server.SendAsync("H-2.0-dropbear\r\n"u8.ToArray());

        await waiting;
    }

    [Fact]
    public async Task A_server_that_is_slower_than_the_next_probe_is_still_listened_to()
    {
        var waiting = SshBanner.WaitAsync("127.0.0.1", Port, _ => { }, CancellationToken.None);
        using var first = await _listener.AcceptSocketAsync();
        using var second = await _listener.AcceptSocketAsync();
        using var third = await _listener.AcceptSocketAsync();

        await first.SendAsync("SSH-2.0-slow\r\n"u8.ToArray());

        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        (await third.ReceiveAsync(new byte[1])).ShouldBe(0);
    }

    [Fact]
    public async Task Tells_why_nobody_answers()
    {
        // Bound and not listening: nobody else can take the port and answer.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)silent.LocalEndPoint!).Port;
        var failures = new List<string>();
        using var cancel = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(SshBanner.WaitAsync("127.0.0.1", port, failure => Add(failures, failure, cancel), cancel.Token));

        failures[0].ShouldContain("refused");
    }

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    private static void Add(List<string> failures, string failure, CancellationTokenSource cancel)
    {
        failures.Add(failure);
        if (failures.Count == 2)
        {
            cancel.Cancel();
        }
    }
}
