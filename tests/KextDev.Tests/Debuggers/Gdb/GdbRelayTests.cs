using System.Net;
using System.Net.Sockets;
using System.Text;
using KextDev.Debuggers.Gdb;

namespace KextDev.Tests.Debuggers.Gdb;

/// <summary>A relay between sockets of the test's own: what the stub gets to read when a debugger leaves.</summary>
public sealed class GdbRelayTests : IAsyncLifetime, IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private GdbRelay _relay = null!;
    private Socket _first = null!;

    public async Task InitializeAsync()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        var opening = GdbRelay.OpenAsync(_listener.LocalEndPoint!, CancellationToken.None);
        _first = await AcceptAsync();
        _relay = await opening;
    }

    public async Task DisposeAsync() => await _relay.DisposeAsync();

    public void Dispose()
    {
        _first.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public async Task Bytes_pass_both_ways()
    {
        using var debugger = await ConnectAsync();
        var stub = _first;

        await SendAsync(debugger, "+$?#3f");
        (await ReadAsync(stub, "+$?#3f".Length)).ShouldBe("+$?#3f");
        await SendAsync(stub, "+$T05thread:01;#07");
        (await ReadAsync(debugger, "+$T05thread:01;#07".Length)).ShouldBe("+$T05thread:01;#07");
        await LeaveAsync(debugger, stub);
    }

    [Fact]
    public async Task A_kill_reaches_the_stub_as_a_detach()
    {
        using var debugger = await ConnectAsync();
        var stub = _first;

        await SendAsync(debugger, "$k#6b");

        await ExpectDetachAsync(stub);
        (await ReadAsync(debugger, 1)).ShouldBe("");
    }

    [Fact]
    public async Task A_debugger_that_breaks_off_while_the_kernel_runs_halts_it_and_detaches()
    {
        using var debugger = await ConnectAsync();
        var stub = _first;
        await SendAsync(debugger, "$vCont;c#a8");
        (await ReadAsync(stub, "$vCont;c#a8".Length)).ShouldBe("$vCont;c#a8");

        debugger.Dispose();

        (await ReadAsync(stub, 1)).ShouldBe("\u0003");
        await SendAsync(stub, "$T02thread:01;#04");
        await ExpectDetachAsync(stub);
    }

    [Fact]
    public async Task A_debugger_that_detached_is_not_detached_again_and_another_one_may_come()
    {
        using (var debugger = await ConnectAsync())
        {
            var stub = _first;
            await SendAsync(debugger, "$D#44");
            (await ReadAsync(stub, "$D#44".Length)).ShouldBe("$D#44");
            debugger.Dispose();
            (await ReadAsync(stub, 1)).ShouldBe("");
        }

        using var next = await ConnectAsync();
        using var again = await AcceptAsync();
        await SendAsync(next, "+");
        (await ReadAsync(again, 1)).ShouldBe("+");
        await LeaveAsync(next, again);
    }

    [Fact]
    public async Task A_stub_that_goes_away_closes_the_debuggers_connection()
    {
        using var debugger = await ConnectAsync();
        _first.Dispose();

        (await ReadAsync(debugger, 1)).ShouldBe("");
    }

    [Fact]
    public async Task A_stub_that_knows_several_processes_is_told_which_one_to_let_go()
    {
        using var debugger = await ConnectAsync();
        await SendAsync(debugger, "$k#6b");

        (await ReadAsync(_first, "+$D#44".Length)).ShouldBe("+$D#44");
        await SendAsync(_first, "+$E22#a9");
        (await ReadAsync(_first, "+$D;1#b0".Length)).ShouldBe("+$D;1#b0");
        await SendAsync(_first, "+$OK#9a");

        (await ReadAsync(_first, 1)).ShouldBe("");
    }

    [Fact]
    public async Task A_machine_that_no_debugger_came_for_is_let_run()
    {
        var stub = _first;

        var ended = _relay.DisposeAsync().AsTask();

        await ExpectDetachAsync(stub);
        await ended;
    }

    // A machine that ran tells that it stopped before it takes the question whether it did.
    private async Task<Socket> AcceptAsync()
    {
        var stub = await _listener.AcceptAsync();
        await SendAsync(stub, "$T02thread:01;#04");
        (await ReadAsync(stub, "$?#3f".Length)).ShouldBe("$?#3f");
        await SendAsync(stub, "+$T05thread:01;#07");
        (await ReadAsync(stub, 1)).ShouldBe("+");
        return stub;
    }

    private static async Task LeaveAsync(Socket debugger, Socket stub)
    {
        debugger.Dispose();
        await ExpectDetachAsync(stub);
    }

    private static async Task ExpectDetachAsync(Socket stub)
    {
        (await ReadAsync(stub, "+$D#44".Length)).ShouldBe("+$D#44");
        await SendAsync(stub, "+$OK#9a");
        (await ReadAsync(stub, 1)).ShouldBe("");
    }

    private static Task<int> SendAsync(Socket socket, string text) => socket.SendAsync(Encoding.ASCII.GetBytes(text));

    // To the end of the connection, where it comes first.
    private static async Task<string> ReadAsync(Socket socket, int count)
    {
        var text = new StringBuilder();
        var buffer = new byte[count];
        while (text.Length < count && await socket.ReceiveAsync(buffer.AsMemory(0, count - text.Length)) is var read and > 0)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _relay.Port);
        return socket;
    }
}
