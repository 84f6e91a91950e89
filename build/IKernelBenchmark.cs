using System.Diagnostics;
using System.Globalization;
using KextDev.Guests;
using KextDev.Hosts;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Reports;
using KextDev.Testing;
using KextDev.Toolchains.Darwin;
using Nuke.Common;
using Spectre.Console;

/// <summary>Figures, printed and never asserted.</summary>
internal interface IKernelBenchmark : IKernelTest
{
    private const int BootRounds = 5;
    private const int LoadRounds = 7;
    private const int LinkRounds = 7;
    private const int LinkObjects = 2000;

    Target KernelBenchmark => _ => _
        .Description("Measures, as ratios within one run: the guest's start from a snapshot and its boot beside a bare QEMU, how soon the extension is loaded in it, a whole KernelTest in each guest, how soon a panic and a hang are told and the run goes on, the log channel beside the system log, linking 2,000 objects beside ld64.lld, a kext's calls and events in kexthost, the ring beside memcpy and a plain queue.")
        .DependsOn(KernelDeps)
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            var console = RunReports.Terminal();
            await MeasureLinkAsync(console, token);
            await MeasureBootAsync(console, token);
            await MeasureLoadAsync(console, token);
            await MeasureRunAsync(console, token);
            await MeasureFaultsAsync(console, token);
            await MeasureLogAsync(console, token);
            await MeasureKextHostAsync(console, token);
            await MeasureRingAsync(token);
        }));

    private async Task MeasureBootAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        foreach (var guest in FindGuests(LoadProject()))
        {
            var boot = await new BootBenchmark(guest, Site with { Note = _ => { } }, TimeProvider.System).RunAsync(BootRounds, cancellationToken);
            Write(
                console, $"From the start of {guest.Name} to the first SSH command, medians",
                ("KextDev, from a snapshot", boot.Warm), ("KextDev, cold", boot.Cold), ("bare QEMU, polled with ssh", boot.Bare));
            console.WriteLine($"ratio of cold to bare {Number(boot.Ratio)}, of warm to cold {Number(boot.WarmRatio)}");
        }
    }

    private async Task MeasureLinkAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        await RequireAsync(HostNeed.OwnTests, cancellationToken);
        var link = await new LinkBenchmark(TimeProvider.System).RunAsync(LinkObjects, LinkRounds, cancellationToken);
        Write(
            console, $"Linking {link.Objects} objects of {link.Bytes / 1_000_000} MB",
            ("KextDev, first link of a process", link.First), ("ld64.lld, first", link.FirstLld),
            ("KextDev, median of later ones", link.Ours), ("ld64.lld, median", link.Lld));
        console.WriteLine($"ratio of the first {Number(link.FirstRatio)}, of the medians {Number(link.Ratio)}");
    }

    // From a snapshot and afresh take turns, so that a slow moment of the host hits both.
    private async Task MeasureLoadAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        var project = LoadProject();
        foreach (var guest in FindGuests(project))
        {
            // What is measured is over when the test starts.
            var tests = project.Tests.Where(test => test.Extension == ExtensionState.Loaded && test.Platforms.Contains(guest.Platform));
            if (tests.MinBy(test => test.TimeLimit) is not { } test)
            {
                console.WriteLine($"How soon the extension is loaded in {guest.Name} is not measured: no test there finds it loaded.");
                continue;
            }

            async Task<TimeSpan> TimeAsync(params string[] options) =>
                (await TimeRunAsync(guest, ["--tests", test.Name, .. options], cancellationToken)).UntilLoaded;

            // Builds what is to be built, and makes the snapshot.
            await TimeAsync();
            var warm = new List<TimeSpan>();
            var cold = new List<TimeSpan>();
            for (var round = 0; round < LoadRounds; round++)
            {
                warm.Add(await TimeAsync());
                cold.Add(await TimeAsync("--cold"));
            }

            warm.Sort();
            cold.Sort();
            Write(
                console, $"From the start of {guest.Name} to the extension's being loaded",
                ("from a snapshot, median", warm[LoadRounds / 2]), ("shortest", warm[0]), ("longest", warm[^1]), ("cold, median", cold[LoadRounds / 2]));
            console.WriteLine($"ratio of warm to cold {Number(warm[LoadRounds / 2] / cold[LoadRounds / 2])}");
        }
    }

    // A process of its own for each guest, from build.sh on, as a user starts it; where its time went stands in its run folder.
    private async Task MeasureRunAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        foreach (var guest in FindGuests(LoadProject()))
        {
            // The first builds the variants that no single test needed.
            await TimeRunAsync(guest, [], cancellationToken);
            var run = await TimeRunAsync(guest, [], cancellationToken);
            Write(
                console, $"A whole KernelTest in {guest.Name}, plan quick",
                ("whole, from build.sh on", run.Whole), ("boot", run.Boot), ("stress", run.Stress), ("everything else", run.Rest));
        }
    }

    // Of the Linux guest: it panics and hangs truly, both processors.
    private async Task MeasureFaultsAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        foreach (var guest in FindGuests(LoadProject()).Where(guest => guest.Platform == GuestPlatform.Linux))
        {
            var times = FaultTimes.Read(await RunAsync(
                guest, ["--project", RootDirectory / "tests" / "bad-modules" / "faults", "--tests", "panic_in_timer", "interrupts_off_everywhere", "pass"], cancellationToken));
            var table = new Table().Title($"A panic and a hang in {Markup.Escape(guest.Name)}")
                .AddColumn("").AddColumn(new TableColumn("seconds").RightAligned()).AddColumn(new TableColumn("aim").RightAligned());
            table.AddRow("panic to verdict, with its evidence", Number(times.Panic.TotalSeconds), "2");
            table.AddRow("hang to verdict, after the heartbeat's limit, with its evidence", Number(times.Hang.TotalSeconds), "2");
            table.AddRow("from the panic's verdict to the next test, without the guest's start", Number(times.Recoveries[0].TotalSeconds), "2");
            table.AddRow("from the hang's verdict to the next test, without the guest's start", Number(times.Recoveries[1].TotalSeconds), "2");
            table.AddRow("the guest's starts", string.Join(", ", times.Starts.Select(start => Number(start.TotalSeconds))), "");
            console.WriteLine();
            console.Write(table);
        }
    }

    // The tests that have these figures, with their longer plan.
    private async Task MeasureLogAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        foreach (var guest in FindGuests(LoadProject()))
        {
            var log = LogFigures.Read(await RunAsync(guest, ["--tests", "log_costs"], cancellationToken, plan: "full"));
            var table = new Table().Title($"A message of the extension's in {Markup.Escape(guest.Name)}")
                .AddColumn("").AddColumn(new TableColumn("the log channel").RightAligned()).AddColumn(new TableColumn("the system log").RightAligned())
                .AddColumn(new TableColumn("ratio").RightAligned());
            table.AddRow("a call below the level, ns", Number(log.Disabled), "", "");
            table.AddRow("a call, ns", Number(log.Enabled), Number(log.SystemLog), Number(log.SystemLog / log.Enabled));
            table.AddRow(
                "lines a second, from the kernel to the disk", Number(log.Lines),
                log.SystemLogLines is { } lines ? Number(lines) : "", log.SystemLogLines is { } all ? Number(log.Lines / all) : "");
            if (log.LogDaemonLines is { } kept)
            {
                table.AddRow("... where klogd and syslogd keep the system log", Number(log.Lines), Number(kept), Number(log.Lines / kept));
            }

            console.WriteLine();
            console.Write(table);
        }
    }

    // Which fails, as it should: its folder is what is wanted.
    private async Task<string> RunAsync(GuestDefinition guest, IEnumerable<string> options, CancellationToken cancellationToken, string plan = "quick") => FolderOf(
        (await new HostCommand(RootDirectory / "build.sh", ["KernelTest", "--plan", plan, "--guest", guest.Name, .. options]) { WorkingDirectory = RootDirectory }
            .TryRunAsync(cancellationToken)).Output);

    private static string FolderOf(string output)
    {
        const string FolderMark = "run folder: ";
        return output.Split('\n').First(line => line.StartsWith(FolderMark, StringComparison.Ordinal))[FolderMark.Length..].Trim();
    }

    private async Task<RunTimes> TimeRunAsync(GuestDefinition guest, IEnumerable<string> options, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var run = await new HostCommand(RootDirectory / "build.sh", ["KernelTest", "--plan", "quick", "--guest", guest.Name, .. options]) { WorkingDirectory = RootDirectory }
            .RunAsync(cancellationToken);
        var whole = Stopwatch.GetElapsedTime(start);
        return RunTimes.Read(FolderOf(run.Output), whole);
    }

    private async Task MeasureKextHostAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        await RequireAsync(KextToolchains.Needs, cancellationToken);
        console.WriteLine();
        await new KextHostBenchmark(RootDirectory, State, console.WriteLine).RunAsync(await KextToolchains.FindAsync(Sdk, cancellationToken), cancellationToken);
    }

    private async Task MeasureRingAsync(CancellationToken cancellationToken) =>
        await OwnTests.BenchRingAsync(RootDirectory, State, cancellationToken);

    private static void Write(IAnsiConsole console, string title, params (string What, TimeSpan Time)[] rows)
    {
        var table = new Table().Title(title).AddColumn("").AddColumn(new TableColumn("seconds").RightAligned());
        foreach (var (what, time) in rows)
        {
            table.AddRow(Markup.Escape(what), Number(time.TotalSeconds));
        }

        console.WriteLine();
        console.Write(table);
    }

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
