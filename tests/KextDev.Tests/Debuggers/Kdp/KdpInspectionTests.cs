using KextDev.Debuggers.Kdp;
using KextDev.Tests.KextHost;

namespace KextDev.Tests.Debuggers.Kdp;

[Collection(nameof(KextHostBuild))]
public sealed class KdpInspectionTests(KextHostBuild build)
{
    [Theory]
    [InlineData(8, "sample panics with 42")]
    [InlineData(7, "Kernel trap at 0x")]
    public async Task Reads_a_panics_text_and_backtrace_from_memory(int number, string message)
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        var asking = host.Host.DriveCommand("open", "sample", "ioctl", "0x80085301", $"{number}").TryRunAsync(CancellationToken.None);
        await host.UntilItWaitsAsync();
        KdpInspection found;
        await using (var client = await host.ConnectAsync())
        {
            found = await KdpInspection.ReadAsync(client, CancellationToken.None);
            await client.ReleaseAsync(CancellationToken.None);
        }

        found.KernelVersion.ShouldStartWith("Darwin Kernel Version 19.6.0");
        found.KernelVersion.ShouldEndWith("/DEVELOPMENT_X86_64");
        found.Uuid.ShouldNotBeNull().Length.ShouldBe(36);
        found.TextStart.ShouldNotBeNull();
        found.Reason.ShouldBe("it panicked");
        var text = found.PanicText.ShouldNotBeNull();
        text.ShouldStartWith("panic(cpu 0 caller 0x");
        text.ShouldContain(message);
        text.ShouldContain("Kernel Extensions in backtrace:\n         org.example.sample(1.0)");
        host.Host.Log.ShouldContain(text);
        found.Backtrace.ShouldContain(address => address >= host.AddressOf("ask") && address < host.AddressOf("ask") + 200);

        // The next debugger is let in: it waits as before.
        await using var next = await host.ConnectAsync();
        await next.RebootAsync(CancellationToken.None);
        (await host.Host.ExitAsync()).ShouldBe(RunningHost.RebootExit);
        await asking;
    }

    [Fact]
    public async Task A_kernel_that_met_an_int3_did_not_panic()
    {
        await using var host = await DebuggedHost.LoadAsync(build, "debug=0x144");
        var asking = host.AskAsync(9);
        await host.UntilItWaitsAsync();
        await using var client = await host.ConnectAsync();

        var found = await KdpInspection.ReadAsync(client, CancellationToken.None);

        found.PanicText.ShouldBeNull();
        found.IsBehindInt3.ShouldBeTrue();
        found.Reason.ShouldContain("int3");
        found.Backtrace[0].ShouldBe(found.Registers.InstructionPointer);
        await client.DetachAsync(CancellationToken.None);
        await asking;
    }
}
