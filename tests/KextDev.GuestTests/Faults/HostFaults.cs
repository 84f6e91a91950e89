using System.Globalization;
using KextDev.Processes;

namespace KextDev.GuestTests.Faults;

/// <summary>What happens on the host: to its disk, its ports, and to the run itself.</summary>
internal static class HostFaults
{
    /// <summary>How many signals are sent; by hand more of them.</summary>
    private const string SignalsVariable = "KEXTDEV_SIGNALS";
    private const int FewSignals = 4;

    // About as long as a run takes whose test never ends.
    private static readonly TimeSpan RunLength = TimeSpan.FromSeconds(6);

    // Not as the root of a user namespace: ssh asks for rights there that it does not get.
    private static readonly string[] MountsOfItsOwn = ["-m"];
    private static readonly string[] NetworkOfItsOwn = ["-r", "-n"];

    private static readonly int[] InfrastructureExit = [15];

    // By a signal that comes before the run listens to them, the shell or the program just ends.
    private static readonly int[] InterruptedExits = [130, 143];

    public static IReadOnlyList<Scenario> All =>
    [
        new(["count"], new Fault("the run's folder becomes read-only in the middle", ShowLoss))
        {
            // Root obeys a file's mode only without this right.
            Under = _ => Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] : [],
            StrikeAsync = async (_, run) =>
            {
                await run.HeardAsync("testPrinted", "# line 5\"");
                File.SetUnixFileMode(run.Folder!, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            },
            ExitCodes = InfrastructureExit,
            Reports = false,
        },
        new(["long_line", "pass"], new Fault("the host's disk is full", ShowFullDisk))
        {
            Needs = new HostCommand("unshare", [.. MountsOfItsOwn, "true"]),
            Under = checkout => Namespaced(MountsOfItsOwn, $"mount -t tmpfs -o size=32k faults {checkout.State.Runs}", $"cp -R {checkout.State.Runs} {checkout.Temporary}/kept; umount {checkout.State.Runs}; mv {checkout.Temporary}/kept/* {checkout.State.Runs}; rmdir {checkout.Temporary}/kept"),
            ExitCodes = InfrastructureExit,
            Reports = false,
        },
        new(["pass"], Fault.OfRun("the host is out of ports", "infrastructure", "no port of 127.0.0.1 is free"))
        {
            Needs = new HostCommand("unshare", [.. NetworkOfItsOwn, "true"]),
            Under = _ => Namespaced(NetworkOfItsOwn, "$(command -v ip || echo busybox ip) link set lo up && cd /proc/sys/net/ipv4 && echo 61000 61000 >ip_local_port_range && echo 61000 >ip_local_reserved_ports", "true"),
        },
        new(["count"], Fault.OfTest("two runs in one checkout", "count", "passed"))
        {
            StrikeAsync = async (checkout, run) =>
            {
                await run.HeardAsync("testStarted", "count");
                var other = await checkout.Start([], "faults", ["--tests", "pass"]).EndAsync();
                other.Verdict.ShouldBe("passed", other.Output);
            },
        },
        .. Enumerable.Range(0, Signals).Select(Signal),
    ];

    private static int Signals =>
        Environment.GetEnvironmentVariable(SignalsVariable) is { Length: > 0 } number ? int.Parse(number, CultureInfo.InvariantCulture) : FewSignals;

    private static Scenario Signal(int number)
    {
        var signal = number % 2 == 0 ? "INT" : "TERM";
        var moment = RunLength * Random.Shared.NextDouble();
        var after = $"after {moment.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s";
        return new(["count"], new Fault($"SIG{signal} to build.sh at a random moment ({number + 1} of {Signals})", run => $"{after}: {ShowInterruption(run)}"))
        {
            StrikeAsync = async (_, run) =>
            {
                await Task.Delay(moment);
                await run.SignalAsync(signal);
            },
            ExitCodes = InterruptedExits,
            Reports = false,
        };
    }

    private static string ShowInterruption(FinishedRun run)
    {
        if (run.Folder is null)
        {
            return $"exit code {run.ExitCode}; there was no run yet";
        }

        run.ExitCode.ShouldBe(130, run.Output);
        run.ShouldHaveReports();
        return $"exit code {run.ExitCode}; its reports are whole, {run.Of("stageEnded").Count()} stages";
    }

    private static string ShowLoss(FinishedRun run)
    {
        File.SetUnixFileMode(run.Folder!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        run.Test("count").Verdict.ShouldBe("passed", run.Output);
        run.Output.ShouldContain("its folder does not hold all of it", customMessage: run.Output);
        return "exit code 15: the run was made, but its folder does not hold all of it";
    }

    private static string ShowFullDisk(FinishedRun run)
    {
        run.Output.ShouldContain("A report of this run ends here: No space left on device", customMessage: run.Output);
        run.Output.ShouldContain("infrastructure: 2 of 2 passed", customMessage: run.Output);
        run.Of("testStarted").ShouldNotBeEmpty(run.Output);
        return "exit code 15: 2 of 2 passed, and a report ends in the middle: No space left on device";
    }

    private static string[] Namespaced(string[] kind, string before, string after) =>
        ["unshare", .. kind, "sh", "-c", $"( {before} ) || exit 99; \"$@\"; code=$?; {after}; exit $code", "sh"];
}
