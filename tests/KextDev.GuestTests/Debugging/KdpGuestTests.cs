using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using KextDev.Debuggers.Kdp;
using KextDev.Debuggers.Lldb;
using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Security;
using KextDev.MachO;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Shells;
using KextDev.Tests.Debuggers.Kdp;
using KextDev.Toolchains.Darwin;

namespace KextDev.GuestTests.Debugging;

/// <summary>The kernel of the embedded Darwin guest in the debugger, over its machine's serial line: by NMI, by a breakpoint, by a panic and at its start.</summary>
[Collection(GuestTurns.Name)]
public sealed partial class KdpGuestTests(DebuggedGuest debugged) : IClassFixture<DebuggedGuest>, IDisposable
{
    private const string Waits = "Waiting for remote debugger connection.";

    // What never comes ends a test after this long.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly KdpOptions s_patient = new() { ReplyTimeout = TimeSpan.FromSeconds(10), Tries = 3, Rounds = 2 };

    private readonly CancellationTokenSource _limit = new(Limit);

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task Lldb_meets_a_breakpoint_in_the_extensions_source_and_the_guest_runs_on()
    {
        var kext = await debugged.BuildAsync(Path.Combine(GuestPlace.Root, "kext"), "test");
        var address = await LoadAsync(kext);
        await debugged.UploadProgramAsync();
        (await debugged.RunAsync("(while [ ! -e /tmp/enough ]; do /tmp/drive open osquery close >> /tmp/opened; sleep 0.05; done) > /dev/null 2>&1 &", _limit.Token)).ExitCode.ShouldBe(0);

        // A kernel that runs says nothing; the hypervisor's button stops it.
        var hasty = new KdpOptions { ReplyTimeout = TimeSpan.FromMilliseconds(100), Tries = 1, Rounds = 1 };
        (await Should.ThrowAsync<KdpException>(KdpClient.ConnectAsync(debugged.Port, hasty, takeOver: false, _limit.Token))).Failure.ShouldBe(KdpFailure.NoAnswer);
        var waited = debugged.CountOf(Waits);
        await debugged.Nmi.SendNmiAsync(_limit.Token);
        await debugged.UntilAsync(Waits, waited + 1, _limit.Token);
        await using (var probe = await KdpClient.ConnectAsync(debugged.Port, s_patient, takeOver: true, _limit.Token))
        {
            var found = await KdpInspection.ReadAsync(probe, _limit.Token);
            found.KernelVersion.ShouldStartWith("Darwin Kernel Version 19.6.0");
            found.Reason.ShouldContain("an NMI");
            found.PanicText.ShouldBeNull();
            await probe.ReleaseAsync(_limit.Token);
        }

        var said = await DebugAsync(kext, address, "breakpoint set --name on_open\ncontinue\nbt\nframe variable flags\ndetach\n");

        said.ShouldContain("stop reason = breakpoint");
        said.ShouldMatch(@"-> \d+ +\t+osq_callbacks_enter\(&callbacks\);");
        said.ShouldMatch(@"frame #0: 0x[0-9a-f]+ osquery`on_open\(device=\d+, flags=\d+.*\) at device\.c:\d+");
        said.ShouldMatch("frame #1: 0x[0-9a-f]+");
        said.ShouldMatch(@"\(int\) flags = \d+");

        // What was held goes on, and so does all else.
        var ended = await debugged.RunAsync(
            "lines() { wc -l < /tmp/opened; }; before=$(lines); until [ $(lines) -gt $((before + 4)) ]; do sleep 0.05; done; "
            + $"touch /tmp/enough; until kextunload -b {kext.Info.Identifier}; do sleep 0.05; done; sort -u /tmp/opened",
            _limit.Token);
        ended.Output.ShouldEndWith("close: ok\nopen: ok\n");
    }

    [Fact]
    public async Task A_session_on_a_kernel_that_waits_already_can_stop_it_again_and_leaves_no_breakpoint_in_it()
    {
        var kext = await debugged.BuildAsync(Path.Combine(GuestPlace.Root, "kext"), "normal");
        var opens = await LoadAsync(kext) + OffsetOf(kext, "_on_open");
        await debugged.UploadProgramAsync();
        var waited = debugged.CountOf(Waits);
        await debugged.Nmi.SendNmiAsync(_limit.Token);
        await debugged.UntilAsync(Waits, waited + 1, _limit.Token);

        var line = $"{debugged.Port}";
        await debugged.LeaveToAsync(async () =>
        {
            await using var journal = new RunJournal(TimeProvider.System, []);
            await using var session = await DebugSession.OpenAsync(
                new KernelDebugOptions
                {
                    Project = Project.Load(Path.Combine(GuestPlace.Root, "kext")), Guest = DebuggedGuest.Definition, State = debugged.Place.State, Folder = debugged.Place.State.Path,
                },
                journal,
                _limit.Token);
            var bridge = IPEndPoint.Parse(BridgeIn().Match(await File.ReadAllTextAsync(session.Script)).Groups["address"].Value);
            await using var debugger = await GdbDebugger.ConnectAsync(bridge.Port);
            (await debugger.AskAsync($"Z0,{opens:x},1")).ShouldBe("OK");
            await debugger.SendAsync("c");
            await debugger.InterruptAsync();
            (await debugger.ReceiveAsync()).ShouldStartWith("T05");
            var listening = ListeningSockets.Ours(debugged.Place.State);
            listening.EndPoints.ShouldContain(bridge);
            listening.Files.ShouldContain(file => file == line);
            listening.ShouldBeForNobodyElse();

            // Gone without a word, as a debugger that was killed.
            await debugger.SendAsync("c");
        });

        (await debugged.RunAsync("timeout 60 /tmp/drive open osquery close", _limit.Token)).Output.ShouldContain("open: ok");
        debugged.CountOf(Waits).ShouldBe(waited + 1);
        (await debugged.RunAsync($"kextunload -b {kext.Info.Identifier}", _limit.Token)).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task A_panic_waits_for_the_debugger_which_has_the_machine_start_again_and_halt_at_its_start()
    {
        var kext = await debugged.BuildAsync(Path.Combine(GuestPlace.Root, "tests", "bad-kexts", "null-pointer"), "normal");
        var name = await debugged.NameBootAsync(_limit.Token);
        (await debugged.RunAsync("nvram boot-args='debug=0x145 kdp_match_name=serial'", _limit.Token)).ExitCode.ShouldBe(0);
        var waited = debugged.CountOf(Waits);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        var loading = LoadAsync(kext, cut.Token);
        await debugged.UntilAsync(Waits, waited + 1, _limit.Token);

        await using (var client = await KdpClient.ConnectAsync(debugged.Port, s_patient, takeOver: true, _limit.Token))
        {
            var found = await KdpInspection.ReadAsync(client, _limit.Token);
            found.Reason.ShouldBe("it panicked");
            found.PanicText!.ShouldContain("type 14=page fault");
            var place = PlaceIn().Match(found.PanicText!);
            found.Backtrace[0].ShouldBeInRange(Number(place, "first"), Number(place, "last"));
            await client.RebootAsync(_limit.Token);
        }

        await debugged.UntilAsync(Waits, waited + 2, _limit.Token);
        await using (var client = await KdpClient.ConnectAsync(debugged.Port, s_patient, takeOver: true, _limit.Token))
        {
            (await KdpInspection.ReadAsync(client, _limit.Token)).PanicText.ShouldBeNull();
            await client.DetachAsync(_limit.Token);
        }

        await cut.CancelAsync();
        await loading.ContinueWith(_ => { }, TaskScheduler.Default);
        (await debugged.UntilBootedAsync(name, _limit.Token)).ShouldNotBe(name);
        (await debugged.RunAsync("cat /Library/Logs/DiagnosticReports/Kernel_*_guest.panic", _limit.Token)).Output.ShouldContain("org.kextdev.null-pointer(1.0)[");
        (await debugged.RunAsync("nvram boot-args='keepsyms=1 debug=0x144 kdp_match_name=serial'", _limit.Token)).ExitCode.ShouldBe(0);
    }

    private Task<ulong> LoadAsync(Kext kext) => LoadAsync(kext, _limit.Token);

    private async Task<ulong> LoadAsync(Kext kext, CancellationToken cancellationToken)
    {
        var bundle = await debugged.UploadAsync(kext, cancellationToken);
        (await debugged.RunAsync($"kextload {bundle}", cancellationToken)).ExitCode.ShouldBe(0);
        var row = await debugged.RunAsync($"kextstat -l -b {kext.Info.Identifier}", cancellationToken);
        return ulong.Parse(AddressIn().Match(row.Output).Groups["address"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private async Task<string> DebugAsync(Kext kext, ulong address, string commands)
    {
        await using var client = await KdpClient.ConnectAsync(debugged.Port, s_patient, takeOver: true, _limit.Token);
        using var bridge = new KdpBridge(client, 0);
        var serving = bridge.RunAsync(_limit.Token);
        var folder = debugged.Place.State.Path;
        var script = Path.Combine(folder, "session.lldb");
        await File.WriteAllTextAsync(
            script,
            new LldbScript { Images = [new SlidImage(kext.ExecutableFile, kext.DwarfFile, address)], Connect = $"gdb-remote 127.0.0.1:{bridge.Port}" }.ToString(),
            _limit.Token);
        var file = Path.Combine(folder, "commands.lldb");
        await File.WriteAllTextAsync(file, commands, _limit.Token);
        var result = await LldbProgram.Session(script, file, batch: true).TryRunAsync(_limit.Token);
        await serving;
        return result.Output + result.Error;
    }

    // A kext's file begins at address 0.
    private static ulong OffsetOf(Kext kext, string function) => MachOReader.Read(File.ReadAllBytes(kext.ExecutableFile), "kext").File!.FindDefined(function)!.Value.Value;

    private static ulong Number(Match match, string group) => ulong.Parse(match.Groups[group].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"gdb-remote (?<address>\S+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex BridgeIn();

    [GeneratedRegex("0x(?<address>[0-9a-f]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex AddressIn();

    [GeneratedRegex(@"null-pointer\(1\.0\)\[[0-9A-F-]+\]@0x(?<first>[0-9a-f]+)->0x(?<last>[0-9a-f]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex PlaceIn();
}

/// <summary>A Darwin guest that was configured for a debugger, and stays up meanwhile.</summary>
public sealed class DebuggedGuest : IAsyncLifetime
{
    private IGuest _guest = null!;
    private GuestEndpoint _endpoint = null!;

    internal GuestPlace Place { get; } = new();

    internal EndPoint Port => ((IKdpPort)_guest).KdpPort;

    internal INmi Nmi => (INmi)_guest;

    internal static GuestDefinition Definition => GuestDefinition.Find("embedded-darwin", Path.Combine(GuestPlace.Root, "vm"));

    public async Task InitializeAsync()
    {
        await using (var journal = new RunJournal(TimeProvider.System, []))
        {
            (await ConfigureAsync(journal)).ShouldContain("kdp_match_name=serial");
        }

        _guest = GuestFactory.Create(Definition, Place.Site);
        _endpoint = await _guest.StartAsync(CancellationToken.None);
        (await RunAsync("sysctl -n kern.bootargs", CancellationToken.None)).Output.ShouldContain("debug=0x14e kdp_match_name=serial");
    }

    public async Task DisposeAsync()
    {
        await _guest.StopAsync(CancellationToken.None);
        await _guest.DisposeAsync();
        Place.Dispose();
    }

    // A guest that does not come back says why on its console, which goes with it.
    private async Task<string> ConfigureAsync(RunJournal journal)
    {
        var change = "";
        try
        {
            var outcome = await new ConfigureTarget(Place.Site, journal, TimeProvider.System).RunAsync(
                Definition,
                new TargetSettings(),
                asked =>
                {
                    change = asked.After ?? "";
                    return true;
                },
                CancellationToken.None);
            outcome.ShouldBe(TargetOutcome.Changed);
        }
        catch (InfrastructureException exception)
        {
            var console = Path.Combine(Place.State.Guests, Definition.Name, "console.log");
            throw new InvalidOperationException($"{exception.Message}\n{(File.Exists(console) ? await File.ReadAllTextAsync(console) : "It has no console.")}", exception);
        }

        return change;
    }

    internal async Task<Kext> BuildAsync(string project, string variant)
    {
        var toolchain = await KextToolchains.FindAsync(null, CancellationToken.None);
        return await new KextBuild(toolchain, Place.State.Build, _ => { }, _ => { })
            .RunAsync(Project.Load(Path.Combine(project, "kextdev.json")), variant, BuildConfiguration.Release, CancellationToken.None);
    }

    /// <summary>Lets others use the guest meanwhile, as it is.</summary>
    internal async Task LeaveToAsync(Func<Task> others)
    {
        ((IKeepable)_guest).Keep();
        await _guest.DisposeAsync();
        try
        {
            await others();
        }
        finally
        {
            _guest = GuestFactory.Create(Definition, Place.Site);
            _endpoint = await _guest.StartAsync(CancellationToken.None);
        }
    }

    /// <summary>What opens and closes the devices of a kext: see its file.</summary>
    internal async Task UploadProgramAsync()
    {
        var host = Path.Combine(GuestPlace.Root, "kext", "host");
        var program = Path.Combine(Place.State.Path, "drive");
        await new HostCommand(
            "gcc",
            [
                "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-static", "-s", "-pthread", "-I" + host, "-o", program, Path.Combine(GuestPlace.Root, "tests", "KextDev.Tests", "KextHost", "programs", "drive.c"),
                .. Directory.EnumerateFiles(host, "client*.c"),
            ]).RunAsync(CancellationToken.None);
        await using var shell = await GuestShell.ConnectAsync(_endpoint, CancellationToken.None);
        await shell.UploadAsync(program, "/tmp/drive", UnixFileMode.UserRead | UnixFileMode.UserExecute, CancellationToken.None);
    }

    /// <returns>Where it is in the guest, as kextload takes it.</returns>
    internal async Task<string> UploadAsync(Kext kext, CancellationToken cancellationToken)
    {
        var bundle = "/tmp/" + Path.GetFileName(kext.BundleFolder);
        await using var shell = await GuestShell.ConnectAsync(_endpoint, cancellationToken);
        await shell.UploadFolderAsync(kext.BundleFolder, bundle, cancellationToken);
        (await shell.RunAsync($"chown -R root:wheel {bundle}; chmod -R go-w {bundle}", cancellationToken)).ExitCode.ShouldBe(0);
        return bundle;
    }

    internal async Task<ShellResult> RunAsync(string command, CancellationToken cancellationToken)
    {
        await using var shell = await GuestShell.ConnectAsync(_endpoint, cancellationToken);
        return await shell.RunAsync(command, cancellationToken);
    }

    internal async Task<string> NameBootAsync(CancellationToken cancellationToken) => (await RunAsync("sysctl -n kern.boottime", cancellationToken)).Output;

    /// <summary>Waits until another kernel than the named one answers.</summary>
    internal async Task<string> UntilBootedAsync(string before, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await NameBootAsync(cancellationToken) is { Length: > 0 } now && now != before)
                {
                    return now;
                }
            }
            catch (InfrastructureException)
            {
                // It is not there yet.
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    internal int CountOf(string line) => File.ReadAllText(((ISerialConsole)_guest).ConsoleFile).Split(line).Length - 1;

    /// <summary>Waits until the console has a line so many times.</summary>
    internal async Task UntilAsync(string line, int count, CancellationToken cancellationToken)
    {
        while (CountOf(line) < count)
        {
            await Task.Delay(20, cancellationToken);
        }
    }
}
