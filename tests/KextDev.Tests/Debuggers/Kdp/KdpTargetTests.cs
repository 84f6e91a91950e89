using KextDev.Debuggers.Kdp;
using KextDev.Processes;
using KextDev.Tests.KextHost;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>A kernel in the debugger: kexthost, with a kext of which all instructions are real.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KdpTargetTests(KextHostBuild build)
{
    private const string Debugged = "debug=0x144";

    [Fact]
    public async Task A_kernel_tells_what_it_is()
    {
        await using var host = await DebuggedHost.LoadAsync(build, Debugged);
        var asking = host.AskAsync(9);
        await host.UntilItWaitsAsync();

        await using var client = await host.ConnectAsync();

        client.Version.ShouldBe(new KdpVersion(12, SetsBreakpoints: true));
        client.HostInfo.CpuType.ShouldBe(0x01000007u);
        client.KernelVersion.ShouldStartWith("Darwin Kernel Version 19.6.0");
        client.KernelVersion.ShouldMatch("; UUID=[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}; stext=0x[0-9a-f]+$");
        client.KernelVersion.ShouldNotContain("UUID=00000000");
        await client.DetachAsync(CancellationToken.None);
        (await asking).ShouldBe(DebuggedHost.Answered(9));
        host.Host.Log.ShouldContain("Connected to remote debugger.\nRemote debugger disconnected.\n");
    }

    [Fact]
    public async Task A_breakpoint_stops_a_kext_and_lets_it_go_on()
    {
        await using var host = await DebuggedHost.LoadAsync(build, Debugged);
        var work = host.AddressOf("work");
        var first = host.AskAsync(9);
        await host.UntilItWaitsAsync();
        await using var client = await host.ConnectAsync();

        // It stopped behind its own int3.
        var registers = await client.ReadRegistersAsync(CancellationToken.None);
        (await client.ReadMemoryAsync(registers.InstructionPointer - 1, 1, CancellationToken.None)).ShouldBe([0xcc]);
        var code = await client.ReadMemoryAsync(work, 4, CancellationToken.None);
        (await client.SetBreakpointAsync(work, CancellationToken.None)).ShouldBe(KdpError.None);
        (await client.SetBreakpointAsync(work, CancellationToken.None)).ShouldBe(KdpError.BreakpointAlreadySet);
        (await client.ReadMemoryAsync(work, 1, CancellationToken.None)).ShouldBe([0xcc]);
        (await client.ResumeAsync(CancellationToken.None)).ShouldBeTrue();
        (await first).ShouldBe(DebuggedHost.Answered(9));

        // The breakpoint, with the argument in its register, which is changed.
        var second = host.AskAsync(21);
        (await client.WaitForStopAsync(CancellationToken.None)).ShouldBe(new KdpStop(0, MachFault.Breakpoint, 3, 0));
        registers = await client.ReadRegistersAsync(CancellationToken.None);
        registers.InstructionPointer.ShouldBe(work + 1);
        registers["rdi"].ShouldBe(21u);

        // One step over what is there without the breakpoint, then on.
        (await client.RemoveBreakpointAsync(work, CancellationToken.None)).ShouldBe(KdpError.None);
        (await client.RemoveBreakpointAsync(work, CancellationToken.None)).ShouldBe(KdpError.BreakpointNotFound);
        (await client.ReadMemoryAsync(work, 4, CancellationToken.None)).ShouldBe(code);
        await client.WriteRegistersAsync(registers.With("rip", work).With("rdi", 1000).Stepping(steps: true), CancellationToken.None);
        await client.ResumeAsync(CancellationToken.None);
        await client.WaitForStopAsync(CancellationToken.None);
        registers = await client.ReadRegistersAsync(CancellationToken.None);
        registers.InstructionPointer.ShouldBeInRange(work + 1, work + 15);
        registers["rdi"].ShouldBe(1000u);

        // Its memory too.
        (await client.WriteMemoryAsync(host.AddressOf("counter"), BitConverter.GetBytes(234L), CancellationToken.None)).ShouldBe(KdpError.None);
        await client.WriteRegistersAsync(registers.Stepping(steps: false), CancellationToken.None);
        await client.DetachAsync(CancellationToken.None);

        (await second).ShouldBe(DebuggedHost.Answered(21));
        host.Host.Log.ShouldContain("counter is 1234\n");
    }

    [Fact]
    public async Task All_threads_of_a_kext_stand_still_while_the_kernel_is_stopped()
    {
        await using var host = await DebuggedHost.LoadAsync(build, Debugged);
        (await host.AskAsync(6)).ShouldBe(DebuggedHost.Answered(6));
        var asking = host.AskAsync(9);
        await host.UntilItWaitsAsync();
        await using var client = await host.ConnectAsync();
        var turns = host.AddressOf("turns");

        var before = await client.ReadMemoryAsync(turns, 4, CancellationToken.None);
        for (var i = 0; i < 300; i++)
        {
            (await client.ReadMemoryAsync(turns, 4, CancellationToken.None)).ShouldBe(before);
        }

        // Where two threads meet one breakpoint, each stops for itself, or not at all when it is gone by then.
        await client.SetBreakpointAsync(host.AddressOf("work"), CancellationToken.None);
        await client.ResumeAsync(CancellationToken.None);
        await client.WaitForStopAsync(CancellationToken.None);
        var registers = await client.ReadRegistersAsync(CancellationToken.None);
        registers.InstructionPointer.ShouldBe(host.AddressOf("work") + 1);
        await client.WriteRegistersAsync(registers.With("rip", host.AddressOf("work")), CancellationToken.None);
        await client.DetachAsync(CancellationToken.None);

        await asking;
        (await host.AskAsync(5)).ShouldBe(DebuggedHost.Answered(5));
        await host.Host.UntilLogAsync("spun\n");
        (await host.Host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData(8, "sample panics with 42")]
    [InlineData(7, "Kernel trap at 0x")]
    public async Task A_panic_waits_for_the_debugger_and_does_not_go_on(int number, string message)
    {
        await using var host = await DebuggedHost.LoadAsync(build, Debugged);
        var asking = host.Host.DriveCommand("open", "sample", "ioctl", "0x80085301", $"{number}").TryRunAsync(CancellationToken.None);
        await host.UntilItWaitsAsync();
        host.Host.Log.ShouldContain(message);

        for (var session = 0; session < 2; session++)
        {
            await using var client = await host.ConnectAsync();
            var registers = await client.ReadRegistersAsync(CancellationToken.None);
            if (number == 7)
            {
                // The instruction that faulted, not what the kernel did about it.
                registers.InstructionPointer.ShouldBeInRange(host.AddressOf("ask"), host.AddressOf("ask") + 200);
            }

            (await client.ReadMemoryAsync(registers["rsp"], 64, CancellationToken.None)).Length.ShouldBe(64);
            (await client.ReadMemoryAsync(0, 64, CancellationToken.None)).ShouldBeEmpty();
            (await client.WriteMemoryAsync(0, new byte[1], CancellationToken.None)).ShouldBe(KdpError.BadAccess);
            await client.DetachAsync(CancellationToken.None);
        }

        await using var last = await host.ConnectAsync();
        await last.RebootAsync(CancellationToken.None);
        (await host.Host.ExitAsync()).ShouldBe(RunningHost.RebootExit);
        (await asking).Output.ShouldNotContain($"ioctl: {number}");
    }

    [Fact]
    public async Task A_kernel_halts_at_its_start_where_the_boot_args_say_so()
    {
        using var folder = new TemporaryFolder();
        var log = folder.Write("log", "");
        var starting = RunningHost.StartAsync(build, [.. DebuggedHost.Options(folder, "debug=0x145"), "--log", log]);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!File.ReadAllText(log).Contains("Waiting for remote debugger", StringComparison.Ordinal))
        {
            await Task.Delay(5, limit.Token);
        }

        starting.IsCompleted.ShouldBeFalse();
        await using var client = await KdpClient.ConnectAsync(DebuggedHost.AddressIn(File.ReadAllText(log)), ScriptedTarget.Patient, takeOver: true, CancellationToken.None);
        await client.DetachAsync(CancellationToken.None);
        await using var host = await starting;
        (await host.ListAsync()).ShouldContain("com.apple.kpi.bsd");
    }

    [Fact]
    public async Task An_NMI_stops_a_kernel_that_runs()
    {
        await using var host = await DebuggedHost.LoadAsync(build, Debugged);
        await host.InterruptAsync();
        await host.UntilItWaitsAsync();
        await using var client = await host.ConnectAsync(takeOver: true);

        await client.ResumeAsync(CancellationToken.None);
        (await host.AskAsync(1)).ShouldBe(DebuggedHost.Answered(1));
        await host.InterruptAsync();

        (await client.WaitForStopAsync(CancellationToken.None)).Fault.ShouldBe(MachFault.Breakpoint);
        (await client.ReadMemoryAsync(host.AddressOf("counter"), 8, CancellationToken.None)).ShouldBe(BitConverter.GetBytes(1L));
        await client.DetachAsync(CancellationToken.None);
        (await host.AskAsync(1)).ShouldBe(DebuggedHost.Answered(1));
    }

    [Fact]
    public async Task An_NMI_of_the_machine_below_is_the_kernels()
    {
        using var folder = new TemporaryFolder();
        await new HostCommand("mkfifo", folder.Combine("messages")).RunAsync(CancellationToken.None);
        var starting = DebuggedHost.LoadAsync(build, [.. DebuggedHost.Options(folder, Debugged), "--nmi", folder.Combine("messages")]);
        await using var messages = await Task.Run(() => new FileStream(folder.Combine("messages"), FileMode.Open, FileAccess.Write)).WaitAsync(TimeSpan.FromMinutes(1));
        await using var host = await starting;
        messages.Write("6,1,1,-;clocksource: Switched to clocksource tsc\n"u8);
        messages.Write("0,2,2,-;Uhhuh. NMI received for unknown reason 20 on CPU 0.\n"u8);
        messages.Flush();

        await host.UntilItWaitsAsync();
        await using var client = await host.ConnectAsync(takeOver: true);
        await client.DetachAsync(CancellationToken.None);
        (await host.AskAsync(1)).ShouldBe(DebuggedHost.Answered(1));
    }

    [Theory]
    [InlineData("keepsyms=1")]
    [InlineData("debug=0x140")]
    public async Task An_NMI_is_nothing_to_a_kernel_whose_boot_args_do_not_say_so(string arguments)
    {
        await using var host = await DebuggedHost.LoadAsync(build, arguments);

        await host.InterruptAsync();

        (await host.AskAsync(1)).ShouldBe(DebuggedHost.Answered(1));
        host.Host.Log.ShouldNotContain("Waiting for remote debugger");
    }

    [Theory]
    [InlineData("keepsyms=1")]
    [InlineData("debug=0")]
    [InlineData("debug=0x144 kdp_match_name=en1")]
    public async Task Without_the_boot_args_there_is_no_debugger(string arguments)
    {
        using var folder = new TemporaryFolder();
        await using var host = await RunningHost.StartAsync(build, DebuggedHost.Options(folder, arguments));
        var bundle = await TestKext.BuildAsync(folder, "static int start(void) { __asm__ volatile(\"int3\"); return 0; } static int stop(void) { return 0; }");

        await host.LoadAsync(bundle);

        (await host.ExitAsync()).ShouldBe(RunningHost.PanicExit);
        host.Log.ShouldContain("type 3=breakpoint");
    }
}
