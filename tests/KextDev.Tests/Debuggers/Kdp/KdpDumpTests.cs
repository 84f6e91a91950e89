using System.Net;
using KextDev.Debuggers.Kdp;
using KextDev.Processes;
using KextDev.Tests.KextHost;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>What a kernel sends when it panics, as its boot-args say.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KdpDumpTests(KextHostBuild build) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly KdpDumpServer _server = new(new IPEndPoint(IPAddress.Loopback, 0), new KdpDumpOptions());

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_panics_text_is_sent_as_it_is()
    {
        await using var host = await DebuggedHost.LoadAsync(build, $"debug=0x2144 _panicd_ip=127.0.0.1 panicd_port={_server.EndPoint.Port} _panicd_corename=paniclog-1");
        var (dump, asking) = await PanicAsync(host);

        dump.Problem.ShouldBeNull();
        dump.Path.ShouldBe(_folder.Combine("paniclog-1"));
        var text = await File.ReadAllTextAsync(dump.Path);
        text.ShouldStartWith("panic(cpu 0 caller 0x");
        text.ShouldContain("Kernel trap at 0x");
        host.Host.Log.ShouldContain(text);
        await EndAsync(host, asking);
    }

    [DebuggerFact(DebuggerFactAttribute.Lldb)]
    public async Task Lldb_opens_the_core_of_a_panic()
    {
        await using var host = await DebuggedHost.LoadAsync(build, $"debug=0x544 _panicd_ip=127.0.0.1 panicd_port={_server.EndPoint.Port}");
        (await host.AskAsync(1234)).ShouldBe(DebuggedHost.Answered(1234));
        var (dump, asking) = await PanicAsync(host);

        dump.Problem.ShouldBeNull();
        Path.GetFileName(dump.Path).ShouldMatch(@"^core-xnu-19\.6\.0-127\.0\.0\.1-[0-9a-f]{8}\z");
        var result = await new HostCommand(
            DebuggerFactAttribute.Lldb,
            "--no-lldbinit", "--batch", "--no-use-colors",
            "--one-line", "settings set plugin.dynamic-loader.darwin-kernel.scan-type none",
            "--one-line", $"target create --core {dump.Path}",
            "--one-line", "register read rip",
            "--one-line", $"memory read --format d --size 8 --count 1 0x{host.AddressOf("counter"):x}").TryRunAsync(CancellationToken.None);
        result.Output.ShouldContain($"0x{host.AddressOf("counter"):x}: 1234");
        await using (var client = await host.ConnectAsync())
        {
            var registers = await client.ReadRegistersAsync(CancellationToken.None);
            result.Output.ShouldContain($"rip = 0x{registers.InstructionPointer:x16}");
            await client.DetachAsync(CancellationToken.None);
        }

        await EndAsync(host, asking);
    }

    private async Task<(KdpDump Dump, Task Asking)> PanicAsync(DebuggedHost host)
    {
        var receiving = _server.ReceiveAsync(_folder.Path, CancellationToken.None);
        var asking = host.Host.DriveCommand("open", "sample", "ioctl", "0x80085301", "7").TryRunAsync(CancellationToken.None);
        return (await receiving, asking);
    }

    /// <summary>It waits for the debugger all the same.</summary>
    private static async Task EndAsync(DebuggedHost host, Task asking)
    {
        await host.UntilItWaitsAsync();
        await using var client = await host.ConnectAsync();
        await client.RebootAsync(CancellationToken.None);
        (await host.Host.ExitAsync()).ShouldBe(RunningHost.RebootExit);
        await asking;
    }
}
