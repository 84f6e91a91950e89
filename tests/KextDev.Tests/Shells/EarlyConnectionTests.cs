using System.Net;
using System.Net.Sockets;
using KextDev.Guests;
using KextDev.Shells;
using Packages.Tests.SshNet;

namespace KextDev.Tests.Shells;

/// <summary>To a real SSH server; "the guest" is this machine.</summary>
public sealed class EarlyConnectionTests(OpenSshServer server) : IClassFixture<OpenSshServer>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private GuestEndpoint Endpoint => new(server.Host, server.Port, server.User, server.PrivateKeyFile, server.HostKey);

    [Fact]
    public async Task Gives_the_connection_that_was_begun()
    {
        await using var early = new EarlyConnection();
        early.Begin(Endpoint);

        await using var shell = await early.ConnectAsync(Endpoint with { HostKey = OtherKey }, CancellationToken.None);

        (await shell.RunAsync("echo here", CancellationToken.None)).Output.ShouldBe("here\n");
    }

    [Fact]
    public async Task Connects_as_usual_where_none_was_begun()
    {
        await using var early = new EarlyConnection();

        await using var shell = await early.ConnectAsync(Endpoint, CancellationToken.None);

        shell.IsConnected.ShouldBeTrue();
    }

    [Fact]
    public async Task Connects_anew_where_the_one_that_was_begun_failed()
    {
        await using var early = new EarlyConnection();
        early.Begin(Endpoint with { HostKey = OtherKey });

        await using var shell = await early.ConnectAsync(Endpoint, CancellationToken.None);

        shell.IsConnected.ShouldBeTrue();
    }

    [Fact]
    public async Task What_is_taken_back_or_never_taken_ends()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var silent = Endpoint with { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port };
        var early = new EarlyConnection();

        early.Begin(silent);
        using var first = await listener.AcceptSocketAsync();
        early.Begin(null);
        await EndOfAsync(first);

        early.Begin(silent);
        using var second = await listener.AcceptSocketAsync();
        await early.DisposeAsync();
        await EndOfAsync(second);
    }

    // Nobody's, of the same kind.
    private static string OtherKey => "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    // The client's own greeting comes before.
    private static async Task EndOfAsync(Socket connection)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            while (await connection.ReceiveAsync(new byte[256], limit.Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset: over as well.
        }
    }
}
