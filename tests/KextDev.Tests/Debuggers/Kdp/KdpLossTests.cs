using KextDev.Debuggers.Kdp;
using KextDev.Tests.KextHost;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>Sessions over a network that loses, doubles and reorders.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KdpLossTests(KextHostBuild build)
{
    private static readonly KdpOptions Persistent = new() { ReplyTimeout = TimeSpan.FromMilliseconds(60), Tries = 6, Rounds = 100 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_session_works_although_a_fifth_is_lost_a_fifth_comes_twice_and_a_fifth_late(int seed)
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        await using var network = new LossyNetwork(host.EndPoint, seed);
        var work = host.AddressOf("work");
        var counter = host.AddressOf("counter");
        var first = host.AskAsync(9);
        await host.UntilItWaitsAsync();

        await using var client = await KdpClient.ConnectAsync(network.EndPoint, Persistent, takeOver: true, CancellationToken.None);
        client.KernelVersion.ShouldStartWith("Darwin Kernel Version");
        var code = await client.ReadMemoryAsync(work, 64, CancellationToken.None);
        for (var value = 0L; value < 20; value++)
        {
            (await client.WriteMemoryAsync(counter, BitConverter.GetBytes(value), CancellationToken.None)).ShouldBe(KdpError.None);
            (await client.ReadMemoryAsync(counter, 8, CancellationToken.None)).ShouldBe(BitConverter.GetBytes(value));
        }

        for (var turn = 0; turn < 3; turn++)
        {
            (await client.SetBreakpointAsync(work, CancellationToken.None)).ShouldBe(KdpError.None);
            var asking = host.AskAsync(10);
            await client.ResumeAsync(CancellationToken.None);
            await client.WaitForStopAsync(CancellationToken.None);
            var registers = await client.ReadRegistersAsync(CancellationToken.None);
            registers.InstructionPointer.ShouldBe(work + 1);
            (await client.RemoveBreakpointAsync(work, CancellationToken.None)).ShouldBe(KdpError.None);
            (await client.ReadMemoryAsync(work, 64, CancellationToken.None)).ShouldBe(code);
            (await client.WriteRegistersAsync(registers.With("rip", work).Stepping(steps: true), CancellationToken.None)).ShouldBe(KdpError.None);
            await client.ResumeAsync(CancellationToken.None);
            await client.WaitForStopAsync(CancellationToken.None);
            registers = await client.ReadRegistersAsync(CancellationToken.None);
            registers.InstructionPointer.ShouldBeInRange(work + 1, work + 15);
            (await client.WriteRegistersAsync(registers.Stepping(steps: false), CancellationToken.None)).ShouldBe(KdpError.None);
            await client.ResumeAsync(CancellationToken.None);
            (await asking).ShouldBe(DebuggedHost.Answered(10));
            await host.InterruptAsync();
            await client.WaitForStopAsync(CancellationToken.None);
        }

        await client.DetachAsync(CancellationToken.None);
        (await first).ShouldBe(DebuggedHost.Answered(9));
        (await host.AskAsync(1)).ShouldBe(DebuggedHost.Answered(1));
        host.Host.Log.ShouldContain("counter is 50\n");
        Math.Min(network.Lost, Math.Min(network.Doubled, network.Held)).ShouldBeGreaterThan(10);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_debugger_at_the_bridge_notices_nothing_of_that(int seed)
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        await using var network = new LossyNetwork(host.EndPoint, seed);
        var work = host.AddressOf("work");
        var counter = host.AddressOf("counter");
        var first = host.AskAsync(9);
        await host.UntilItWaitsAsync();
        await using var client = await KdpClient.ConnectAsync(network.EndPoint, Persistent, takeOver: true, CancellationToken.None);
        using var bridge = new KdpBridge(client, 0);
        var serving = bridge.RunAsync(CancellationToken.None);
        await using var debugger = await GdbDebugger.ConnectAsync(bridge.Port);

        var at = Convert.ToHexStringLower(BitConverter.GetBytes(work));
        var code = await debugger.AskAsync($"m{work:x},40");
        for (var turn = 0; turn < 3; turn++)
        {
            (await debugger.AskAsync($"Z0,{work:x},1")).ShouldBe("OK");
            var asking = host.AskAsync(10);
            (await debugger.AskAsync("c")).ShouldBe("T05thread:1;swbreak:;");
            (await debugger.AskAsync("p10")).ShouldBe(at);
            (await debugger.AskAsync($"m{work:x},40")).ShouldBe(code);
            (await debugger.AskAsync($"z0,{work:x},1")).ShouldBe("OK");
            (await debugger.AskAsync($"M{counter:x},8:0{turn}00000000000000")).ShouldBe("OK");
            (await debugger.AskAsync($"m{counter:x},8")).ShouldBe($"0{turn}00000000000000");
            (await debugger.AskAsync("s")).ShouldBe("T05thread:1;");
            (await debugger.AskAsync("p10")).ShouldNotBe(at);
            await debugger.SendAsync("c");
            (await asking).ShouldBe(DebuggedHost.Answered(10));
            await host.InterruptAsync();
            (await debugger.ReceiveAsync()).ShouldBe("T05thread:1;");
        }

        (await debugger.AskAsync("D")).ShouldBe("OK");
        await serving;
        (await first).ShouldBe(DebuggedHost.Answered(9));
        (await host.AskAsync(1)).ShouldBe(DebuggedHost.Answered(1));
        host.Host.Log.ShouldContain("counter is 12\n");
        Math.Min(network.Lost, Math.Min(network.Doubled, network.Held)).ShouldBeGreaterThan(10);
    }
}
