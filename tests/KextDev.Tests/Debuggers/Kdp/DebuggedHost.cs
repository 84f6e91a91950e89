using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using KextDev.Debuggers.Kdp;
using KextDev.Processes;
using KextDev.Tests.KextHost;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>A kernel with a debugger: kexthost with boot-args, and a kext whose device works, stops or panics as it is asked.</summary>
internal sealed partial class DebuggedHost : IAsyncDisposable
{
    private const string In = "0x80085301";

    /// <summary>Asked for 9 it stops by itself, as Debugger() would; for 8 it panics; for 7 it faults; else it works.</summary>
    private const string Kext = TestKext.Device + """
        static volatile long counter;
        __attribute__((noinline)) static long work(long amount) { counter += amount; return 0; }
        static void spin(void *unused, int result);
        static volatile int spinning, turns; int kernel_thread_start(void *, void *, void **); void thread_deallocate(void *);
        static long ask(unsigned long request, void *data) {
            switch (*(long *)data) {
            case 9: __asm__ volatile("int3"); return 0;
            case 8: panic("sample panics with %d", 42); return 0;
            case 7: return *(volatile long *)16;
            case 6: { void *thread; spinning = 1; kernel_thread_start(spin, NULL, &thread); thread_deallocate(thread); return 0; }
            case 5: spinning = 0; return 0;
            }
            long result = work(*(long *)data);
            IOLog("counter is %ld\n", counter);
            return result;
        }
        static void spin(void *unused, int result) { while (spinning) { turns++; work(0); } IOLog("spun\n"); }
        static int start(void) { add_device(); IOLog("work=%lx counter=%lx turns=%lx ask=%lx\n", work, &counter, &turns, ask); return 0; }
        static int stop(void) { remove_device(); return 0; }
        """;

    private readonly TemporaryFolder _folder;

    private DebuggedHost(TemporaryFolder folder, RunningHost host)
    {
        _folder = folder;
        Host = host;
    }

    public RunningHost Host { get; }

    /// <summary>Where it has a network.</summary>
    public IPEndPoint EndPoint => AddressIn(Host.Log);

    /// <summary>Once it is loaded.</summary>
    public string Bundle { get; private set; } = "";

    /// <param name="arguments">The boot-args.</param>
    public static async Task<DebuggedHost> StartAsync(KextHostBuild build, string arguments)
    {
        var folder = new TemporaryFolder();
        return new DebuggedHost(folder, await RunningHost.StartAsync(build, Options(folder, arguments)));
    }

    public static async Task<DebuggedHost> LoadAsync(KextHostBuild build, string arguments)
    {
        var host = await StartAsync(build, arguments);
        await host.LoadAsync();
        return host;
    }

    /// <param name="options">Of the host, which may have no network.</param>
    public static async Task<DebuggedHost> LoadAsync(KextHostBuild build, string[] options)
    {
        var host = new DebuggedHost(new TemporaryFolder(), await RunningHost.StartAsync(build, options));
        await host.LoadAsync();
        return host;
    }

    public static string[] Options(TemporaryFolder folder, string arguments) =>
        ["--kdp", "127.0.0.1:0", "--nvram", folder.Write("nvram", $"boot-args\t{arguments}\ncsr-active-config\tw%00%00%00\n")];

    /// <summary>Where a kernel listens that says so in its log.</summary>
    public static IPEndPoint AddressIn(string log) => IPEndPoint.Parse(AddressLine().Match(log).Groups["address"].Value);

    public async Task LoadAsync()
    {
        Bundle = await TestKext.BuildAsync(_folder, Kext);
        (await Host.LoadAsync(Bundle)).ExitCode.ShouldBe(0);
        var row = (await Host.ListAsync()).Split('\n').Single(line => line.Contains(TestKext.Identifier, StringComparison.Ordinal));
        LoadAddress = ulong.Parse(LoadAddressIn().Match(row).Groups["address"].Value, NumberStyles.HexNumber);
    }

    /// <summary>Where something of the kext's is: it says so when it starts.</summary>
    public ulong AddressOf(string name) =>
        ulong.Parse(Regex.Match(Host.Log, $"{name}=(?<address>[0-9a-f]+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)).Groups["address"].Value, NumberStyles.HexNumber);

    /// <summary>What a program prints whose request was served.</summary>
    public static string Answered(int number) => $"open: ok\nioctl: {number}\nclose: ok\n";

    /// <returns>What a program prints that asks the device: it waits while the kernel is stopped.</returns>
    public Task<string> AskAsync(int number) => Host.DriveAsync("open", "sample", "ioctl", In, $"{number}", "close");

    public ulong LoadAddress { get; private set; }

    public Task UntilItWaitsAsync() => Host.UntilLogAsync("Waiting for remote debugger connection.");

    /// <summary>As the button of a machine does it.</summary>
    public Task InterruptAsync() => new HostCommand("kill", "-USR2", $"{Host.ProcessId}").RunAsync(CancellationToken.None);

    public Task<KdpClient> ConnectAsync(bool takeOver = false) => KdpClient.ConnectAsync(EndPoint, ScriptedTarget.Patient, takeOver, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _folder.Dispose();
    }

    [GeneratedRegex(@"0x(?<address>[0-9a-f]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex LoadAddressIn();

    [GeneratedRegex(@"kdp: en0 is (?<address>\S+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex AddressLine();
}
