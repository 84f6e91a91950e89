using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using KextDev.Debuggers.Kdp;
using KextDev.GuestTests.Faults;
using KextDev.GuestTests.Guests;

namespace KextDev.GuestTests.Security;

/// <summary>What waits for a kernel's dump is reached from the network only where its user says so.</summary>
[Collection(GuestTurns.Name)]
public sealed partial class KdpReceiveTests : IAsyncLifetime, IDisposable
{
    private FaultCheckout _checkout = null!;

    public async Task InitializeAsync()
    {
        await FaultCheckout.BuildAsync();
        _checkout = new FaultCheckout();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _checkout.Dispose();

    [Fact]
    public async Task Listens_on_loopback_unless_it_is_told_otherwise()
    {
        using var taken = Take(new IPEndPoint(IPAddress.Loopback, KdpDumpServer.DefaultPort));

        var refused = await _checkout.Run("KdpReceive").EndAsync();

        refused.ExitCode.ShouldNotBe(0, refused.Output);
        refused.Output.ShouldContain("No dump of a kernel can be received at 127.0.0.1:1069");
    }

    [Fact]
    public async Task Has_no_socket_but_the_one_that_it_tells()
    {
        var run = _checkout.Run("KdpReceive", "--kdp-listen", "127.0.0.1:0");
        await run.UntilAsync(() => Waiting().IsMatch(run.Output), "waiting for a kernel");

        var listening = ListeningSockets.Of(_checkout.Processes().Select(process => process.Id));

        listening.EndPoints.ShouldHaveSingleItem().ToString().ShouldBe(Waiting().Match(run.Output).Groups["address"].Value);
        listening.ShouldBeForNobodyElse();
        await run.SignalAsync("INT");
        (await run.EndAsync()).ExitCode.ShouldBe(130, run.Output);
        (await _checkout.LeftoversAsync()).ShouldBeEmpty();
    }

    // Several of this test may have it at once. What another program of this machine has is taken as well.
    private static Socket Take(IPEndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
        try
        {
            socket.Bind(address);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            // By such a program.
        }

        return socket;
    }

    [GeneratedRegex(@"Waiting at (?<address>\S+) for a kernel", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Waiting();
}
