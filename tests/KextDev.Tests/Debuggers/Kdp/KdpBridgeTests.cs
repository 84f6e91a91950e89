using KextDev.Debuggers.Kdp;
using KextDev.Processes;
using KextDev.Tests.KextHost;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>Debian's own debugger, which has no KDP, on a kernel that has nothing else.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KdpBridgeTests(KextHostBuild build)
{
    private static readonly CancellationToken None = CancellationToken.None;

    [DebuggerFact(DebuggerFactAttribute.Lldb)]
    public async Task Lldb_debugs_a_kext_by_its_names()
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        await using var session = await BeginAsync(host);
        var asking = host.AskAsync(21);

        var output = await LldbAsync(
            session.Bridge, host,
            "breakpoint set --name work", "continue", "thread backtrace", "register read rdi", "frame variable amount", "thread step-inst", "thread step-over",
            "expression -- counter = 1000", "memory read --format d --size 8 --count 1 &counter", "process plugin packet monitor version");

        output.ShouldContain("stop reason = signal SIGTRAP");
        output.ShouldContain("stop reason = breakpoint 1.1");
        output.ShouldMatch(@"frame #0: 0x[0-9a-f]+ sample`work\(amount=21\) at sample\.c:");
        output.ShouldMatch(@"frame #1: 0x[0-9a-f]+ sample`ask\(");
        output.ShouldContain("frame #2: ");
        output.ShouldContain("rdi = 0x0000000000000015");
        output.ShouldContain("(long) amount = 21");
        output.ShouldContain("stop reason = instruction step into");
        output.ShouldContain("stop reason = step over");
        output.ShouldMatch(@"\{1000\}|: 1000");
        output.ShouldMatch("Process 1 detached");
        await session.Serving;

        // The kext goes on, with what was changed.
        (await asking).ShouldBe(DebuggedHost.Answered(21));
        host.Host.Log.ShouldContain("counter is 1000\n");
        (await host.AskAsync(1)).ShouldBe(DebuggedHost.Answered(1));
        (await host.Host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [DebuggerFact(DebuggerFactAttribute.Lldb)]
    public async Task Lldb_shows_where_a_kernel_panicked()
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        var asking = host.Host.DriveCommand("open", "sample", "ioctl", "0x80085301", "7").TryRunAsync(None);
        await host.UntilItWaitsAsync();
        await using var client = await host.ConnectAsync();
        using var bridge = new KdpBridge(client, 0);
        var serving = bridge.RunAsync(None);

        var output = await LldbAsync(bridge, host, "thread backtrace", "process plugin packet monitor reboot");

        output.ShouldMatch(@"frame #0: 0x[0-9a-f]+ sample`ask\(");
        output.ShouldMatch(@"frame #1: 0x[0-9a-f]+ sample`on_ioctl\(");
        (await host.Host.ExitAsync()).ShouldBe(RunningHost.RebootExit);
        await asking;
        await serving;
    }

    [DebuggerFact(DebuggerFactAttribute.Gdb)]
    public async Task Gdb_debugs_a_kext_by_its_addresses()
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        await using var session = await BeginAsync(host);
        var asking = host.AskAsync(21);
        var work = host.AddressOf("work");
        var counter = host.AddressOf("counter");

        var output = await GdbAsync(
            session.Bridge,
            $"break *0x{work:x}", "continue", "print $rdi", "print/x $rip", "backtrace 2", "stepi", "delete", $"print *(long long *)0x{counter:x} = 1000", "monitor version");

        output.ShouldMatch($@"Breakpoint 1, 0x0*{work:x} in \?\?");
        output.ShouldContain("$1 = 21\n");
        output.ShouldContain($"$2 = 0x{work:x}\n");
        output.ShouldMatch(@"#1 +0x[0-9a-f]+ in \?\?");
        output.ShouldContain("$3 = 1000\n");
        output.ShouldContain("Darwin Kernel Version");
        output.ShouldContain("(Remote target) detached]");
        await session.Serving;
        (await asking).ShouldBe(DebuggedHost.Answered(21));
        host.Host.Log.ShouldContain("counter is 10");
        (await host.AskAsync(1)).ShouldBe(DebuggedHost.Answered(1));
    }

    [Fact]
    public async Task A_debugger_is_answered_packet_by_packet()
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        await using var session = await BeginAsync(host);
        await using var debugger = await GdbDebugger.ConnectAsync(session.Bridge.Port);
        var work = host.AddressOf("work");

        (await debugger.AskAsync("qSupported:swbreak+;xmlRegisters=i386")).ShouldContain("qXfer:features:read+");
        (await debugger.AskAsync("?")).ShouldBe("T05thread:1;");
        (await debugger.AskAsync("qXfer:features:read:target.xml:0,10")).ShouldBe("m<?xml version=\"1");
        (await debugger.AskAsync("vMustReplyEmpty")).ShouldBe("");
        (await debugger.AskAsync("qfThreadInfo")).ShouldBe("m1");
        (await debugger.AskAsync("qHostInfo")).ShouldContain("7838365f36342d6170706c652d6d61636f7378"); // x86_64-apple-macosx
        (await debugger.AskAsync("m0,10")).ShouldBe("E0e");
        (await debugger.AskAsync("m10")).ShouldBe("E16");
        (await debugger.AskAsync("x0,0")).ShouldBe("OK");
        (await debugger.AskAsync("pffffffff")).ShouldBe("E16");
        (await debugger.AskAsync("P0=12")).ShouldBe("E16");
        (await debugger.AskAsync("Z1,1000,1")).ShouldBe("");
        (await debugger.AskAsync("Z0,1000,1")).ShouldBe("E0e");
        (await debugger.AskAsync("z0,1000,1")).ShouldBe("E02");

        // A breakpoint is there and not seen; what is written over it is there without it.
        var code = await debugger.AskAsync($"m{work:x},4");
        (await debugger.AskAsync($"Z0,{work:x},1")).ShouldBe("OK");
        (await debugger.AskAsync($"m{work:x},4")).ShouldBe(code);
        (await debugger.AskAsync($"M{work:x},2:{code[..4]}")).ShouldBe("OK");
        (await session.Client.ReadMemoryAsync(work, 1, None)).ShouldBe([0xcc]);

        // All registers and back; a value of one, and memory as bytes of which some are escaped.
        var registers = await debugger.AskAsync("g");
        (await debugger.AskAsync("G" + registers)).ShouldBe("OK");
        (await debugger.AskAsync("p10")).ShouldBe(registers[(16 * 16)..(17 * 16)]);
        var counter = host.AddressOf("counter");
        (await debugger.AskAsync($"X{counter:x},4:#$}}*")).ShouldBe("OK");
        (await debugger.AskAsync($"m{counter:x},4")).ShouldBe("23247d2a");
        (await debugger.AskAsync($"x{counter:x},4")).ShouldBe("#$}*");

        // It runs, and Ctrl-C is told what KDP cannot; an NMI stops it.
        await debugger.SendAsync("c");
        await debugger.InterruptAsync();
        var said = await debugger.ReceiveAsync();
        said[0].ShouldBe('O');
        System.Text.Encoding.UTF8.GetString(Convert.FromHexString(said[1..])).ShouldContain("cannot interrupt");
        await host.InterruptAsync();
        (await debugger.ReceiveAsync()).ShouldBe("T05thread:1;");

        // A request meets the breakpoint; then it steps.
        var asking = host.AskAsync(3);
        (await debugger.AskAsync("vCont;c:1")).ShouldBe("T05thread:1;swbreak:;");
        var at = Convert.ToHexStringLower(BitConverter.GetBytes(work));
        (await debugger.AskAsync("p10")).ShouldBe(at);
        (await debugger.AskAsync($"z0,{work:x},1")).ShouldBe("OK");
        (await debugger.AskAsync("s")).ShouldBe("T05thread:1;");
        (await debugger.AskAsync("p10")).ShouldNotBe(at);
        (await debugger.AskAsync("D")).ShouldBe("OK");
        await session.Serving;
        (await asking).ShouldBe(DebuggedHost.Answered(3));
    }

    [Fact]
    public async Task A_debugger_that_is_gone_without_a_word_leaves_the_kernel_to_the_next()
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        await using var session = await BeginAsync(host);
        var work = host.AddressOf("work");
        await using (var first = await GdbDebugger.ConnectAsync(session.Bridge.Port))
        {
            (await first.AskAsync($"Z0,{work:x},1")).ShouldBe("OK");
            await first.SendAsync("c");
        }

        var asking = host.AskAsync(3);
        await using var second = await GdbDebugger.ConnectAsync(session.Bridge.Port);
        (await second.AskAsync("?")).ShouldStartWith("T05thread:1;");
        (await second.AskAsync("p10")).ShouldBe(Convert.ToHexStringLower(BitConverter.GetBytes(work)));
        (await second.AskAsync("D")).ShouldBe("OK");
        await session.Serving;
        (await asking).ShouldBe(DebuggedHost.Answered(3));
    }

    [Fact]
    public async Task Where_something_can_interrupt_the_kernel_a_debugger_can_and_leaves_no_breakpoint_behind()
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        var stopping = host.AskAsync(9);
        await host.UntilItWaitsAsync();
        await using var client = await host.ConnectAsync();
        using var bridge = new KdpBridge(client, 0, _ => host.InterruptAsync());
        using var end = new CancellationTokenSource();
        var serving = bridge.RunAsync(end.Token);
        await using (var debugger = await GdbDebugger.ConnectAsync(bridge.Port))
        {
            (await debugger.AskAsync($"Z0,{host.AddressOf("work"):x},1")).ShouldBe("OK");
            await debugger.SendAsync("c");

            // Answered by a kernel that runs alone: one that stands takes no NMI.
            await host.Host.ListAsync();
            await debugger.InterruptAsync();
            (await debugger.ReceiveAsync()).ShouldBe("T05thread:1;");
            await debugger.SendAsync("c");
            await UntilItRunsAsync(client);
            await host.Host.ListAsync();
            await stopping;
        }

        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(serving);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        (await bridge.LeaveAsync(limit.Token)).ShouldBeTrue();

        // Nothing stops it any more.
        (await host.AskAsync(3)).ShouldBe(DebuggedHost.Answered(3));
    }

    [Fact]
    public async Task Where_nothing_can_interrupt_the_kernel_it_is_said_that_breakpoints_stay()
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        var stopping = host.AskAsync(9);
        await host.UntilItWaitsAsync();
        await using var client = await host.ConnectAsync();
        using var bridge = new KdpBridge(client, 0);
        using var end = new CancellationTokenSource();
        var serving = bridge.RunAsync(end.Token);
        await using (var debugger = await GdbDebugger.ConnectAsync(bridge.Port))
        {
            (await debugger.AskAsync($"Z0,{host.AddressOf("work"):x},1")).ShouldBe("OK");
            await debugger.SendAsync("c");
            await stopping;
        }

        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(serving);
        (await bridge.LeaveAsync(None)).ShouldBeFalse();
    }

    /// <summary>Each an answer or the end of the connection; the next debugger is served. What would let the kernel go is left out, and what writes.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_hostile_debugger_does_no_harm(int seed)
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        await using var session = await BeginAsync(host);
        var random = new Random(seed);
        string[] commands = ["g", "p10", "P10=00", "m1000,10", "x1000,4", "M0,1:00", "Z0,10,1", "z0,10,1", "qXfer:features:read:target.xml:0,fff", "qRcmd,6869", "H", "vCont;", "T1", "Q", "?"];
        for (var connection = 0; connection < 10; connection++)
        {
            await using var hostile = await GdbDebugger.ConnectAsync(session.Bridge.Port);
            for (var i = 0; i < 40; i++)
            {
                var command = commands[random.Next(commands.Length)].ToCharArray();
                for (var changes = random.Next(3); changes > 0 && command.Length > 1; changes--)
                {
                    command[random.Next(1, command.Length)] = (char)random.Next(32, 127);
                }

                await hostile.SendRawAsync(random.Next(8) == 0 ? new string((char)random.Next(256), random.Next(50000)) : $"${new string(command)}#{random.Next(256):x2}");
            }
        }

        await using var debugger = await GdbDebugger.ConnectAsync(session.Bridge.Port);
        (await debugger.AskAsync("qC")).ShouldBe("QC1");
        (await debugger.AskAsync("D")).ShouldBe("OK");
        await session.Serving;
    }

    private static async Task UntilItRunsAsync(KdpClient client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!client.Runs)
        {
            await Task.Delay(5, limit.Token);
        }
    }

    private static async Task<BridgedHost> BeginAsync(DebuggedHost host)
    {
        var stopping = host.AskAsync(9);
        await host.UntilItWaitsAsync();
        var client = await host.ConnectAsync();
        return new BridgedHost(client, new KdpBridge(client, 0), stopping);
    }

    private static async Task<string> LldbAsync(KdpBridge bridge, DebuggedHost host, params IEnumerable<string> commands)
    {
        var executable = Path.Combine(host.Bundle, "Contents", "MacOS", "sample");
        string[] all =
        [
            $"target create --no-dependents {executable}", $"target modules load --file {executable} --slide 0x{host.LoadAddress:x}", $"gdb-remote 127.0.0.1:{bridge.Port}", .. commands,
            "detach",
        ];
        var result = await new HostCommand(DebuggerFactAttribute.Lldb, ["--no-lldbinit", "--batch", "--no-use-colors", .. all.SelectMany(command => new[] { "--one-line", command })])
            .TryRunAsync(None);
        return result.Output + result.Error;
    }

    private static async Task<string> GdbAsync(KdpBridge bridge, params IEnumerable<string> commands)
    {
        string[] all = [$"target remote 127.0.0.1:{bridge.Port}", .. commands, "detach"];
        var result = await new HostCommand(DebuggerFactAttribute.Gdb, ["-nx", "--batch", .. all.SelectMany(command => new[] { "-ex", command })]).TryRunAsync(None);
        return result.Output + result.Error;
    }

    private sealed class BridgedHost(KdpClient client, KdpBridge bridge, Task stopped) : IAsyncDisposable
    {
        public KdpClient Client => client;

        public KdpBridge Bridge => bridge;

        public Task Serving { get; } = bridge.RunAsync(None);

        public async ValueTask DisposeAsync()
        {
            await stopped;
            bridge.Dispose();
            await client.DisposeAsync();
        }
    }
}
