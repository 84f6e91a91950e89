using System.Net.Sockets;
using KextDev.Debuggers.Kdp;
using KextDev.Tests.KextHost;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>A kernel in the debugger at the other end of a serial line: kexthost.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KdpSerialTargetTests(KextHostBuild build) : IDisposable
{
    private const string Arguments = "debug=0x144 kdp_match_name=serial";

    private const string Connection =
        "fa001d209dfa73657269616c64656275677308004500002c000000003c11a4f5bfbaadabbebaadaba0b4a0b30018000000001000887766fe05a0b4a0b461626300fb";

    private const string Connected = "fafe04614a96fa64656275677373657269616c080045000028000000003c11a4f9bebaadabbfbaadaba0b3a0b40014000080000c00887766fe0500000000fb";

    private readonly PseudoTerminal _line = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _line.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Speaks_in_frames_byte_by_byte()
    {
        await using var host = await StartAsync();
        host.Host.Log.ShouldContain("ethernet MAC address: 73:65:72:69:61:6c\nip address: 190.186.173.171\n\nWaiting for remote debugger connection.\n");

        // Noise, a frame that is cut, one of a wrong checksum, one that never ends; then the same whole.
        _line.Write("00fb0a6e6f697365fefa" + Connection[..60] + Connection.Replace("1d209d", "1d209c", StringComparison.Ordinal) + "fa" + new string('0', 8000) + Connection);
        (await _line.ReadFrameAsync()).ShouldBe(Connected);

        // Frames that carry something else or less than they say are dropped; a repetition is answered as before, also without its checksum.
        foreach (var (offset, value) in new[] { (12, "06"), (14, "46"), (20, "20"), (23, "06"), (37, "00"), (38, "ff"), (39, "07"), (17, "20") })
        {
            var at = Connection.IndexOf("fa73", StringComparison.Ordinal) + 2 + (2 * offset);
            _line.Write("fa" + Connection[12..at] + value + Connection[(at + 2)..]);
        }

        _line.Write("fafb" + "fa" + Connection[12..]);
        (await _line.ReadFrameAsync()).ShouldBe(Connected);
    }

    [Fact]
    public async Task Answers_whichever_address_asked()
    {
        await using var host = await StartAsync();

        var other = Convert.FromHexString("ffffffffffff02000000000108004500002c000000003c1170bb0a000001010203041e61a0b30018000000001000887766fa1388138961626300");
        _line.Write(Convert.ToHexString(KdpFrame.Encode(other)));

        (await _line.ReadFrameAsync()).ShouldBe(
            "fa60e47cfe05fa02000000000173657269616c080045000028000000003c11085fbebaadabfef5000001a0b313880014000080000c00887766fe0500000000fb");
    }

    [Fact]
    public async Task Serves_a_debugger_as_over_the_network()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var socket = new UnixDomainSocketEndPoint(_folder.Combine("kdp"));
        listener.Bind(socket);
        listener.Listen();
        var serving = _line.ServeAsync(listener);
        await using (var host = await StartAsync())
        {
            await DebugAsync(host, socket);
        }

        await serving;
    }

    [Theory]
    [InlineData("debug=0x144")]
    [InlineData("debug=0x144 kdp_match_name=en0")]
    [InlineData("kdp_match_name=serial")]
    public async Task Without_the_boot_args_nobody_is_at_the_line(string arguments)
    {
        await using var host = await RunningHost.StartAsync(build, Options(arguments));
        var bundle = await TestKext.BuildAsync(_folder, "static int start(void) { __asm__ volatile(\"int3\"); return 0; } static int stop(void) { return 0; }");

        await host.LoadAsync(bundle);

        (await host.ExitAsync()).ShouldBe(RunningHost.PanicExit);
    }

    [Fact]
    public async Task What_is_no_serial_line_is_refused()
    {
        var result = await new KextDev.Processes.HostCommand(
            build.KextHost, ["--socket", _folder.Combine("socket"), .. Options(Arguments, _folder.Write("plain", ""))]).TryRunAsync(CancellationToken.None);

        result.ExitCode.ShouldNotBe(0);
        result.Error.ShouldContain("plain: no debugger listens there: Inappropriate ioctl for device");
    }

    private string[] Options(string arguments, string? device = null) =>
        ["--kdp-serial", device ?? _line.Device, "--nvram", _folder.Write("nvram", $"boot-args\t{arguments}\ncsr-active-config\tw%00%00%00\n")];

    private async Task<DebuggedHost> StartAsync()
    {
        var host = await DebuggedHost.LoadAsync(build, Options(Arguments));
        await host.InterruptAsync();
        await host.UntilItWaitsAsync();
        return host;
    }

    private static async Task DebugAsync(DebuggedHost host, UnixDomainSocketEndPoint socket)
    {
        var work = host.AddressOf("work");
        var counter = host.AddressOf("counter");
        await using var client = await KdpClient.ConnectAsync(socket, ScriptedTarget.Patient, takeOver: true, CancellationToken.None);
        // All bytes there are, both ways.
        var pattern = Enumerable.Range(0, 8).Select(i => (byte)(0xf9 + i)).ToArray();
        (await client.WriteMemoryAsync(counter, pattern, CancellationToken.None)).ShouldBe(KdpError.None);
        (await client.ReadMemoryAsync(counter, 8, CancellationToken.None)).ShouldBe(pattern);
        (await client.ReadMemoryAsync(work & ~0xffful, 4096, CancellationToken.None)).Length.ShouldBe(4096);
        (await client.SetBreakpointAsync(work, CancellationToken.None)).ShouldBe(KdpError.None);
        await client.ResumeAsync(CancellationToken.None);
        var asking = host.AskAsync(21);
        (await client.WaitForStopAsync(CancellationToken.None)).Fault.ShouldBe(MachFault.Breakpoint);
        var registers = await client.ReadRegistersAsync(CancellationToken.None);
        registers["rdi"].ShouldBe(21u);
        await client.RemoveBreakpointAsync(work, CancellationToken.None);
        await client.WriteRegistersAsync(registers.With("rip", work), CancellationToken.None);
        await client.DetachAsync(CancellationToken.None);
        (await asking).ShouldBe(DebuggedHost.Answered(21));
    }
}
