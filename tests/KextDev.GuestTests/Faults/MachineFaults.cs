using System.Text.Json.Nodes;
using KextDev.Guests.Qemu;

namespace KextDev.GuestTests.Faults;

/// <summary>What happens to the machine, and to the connection with it.</summary>
internal static class MachineFaults
{
    private const string Gone = "its hypervisor ended";

    public static IReadOnlyList<Scenario> All =>
    [
        new(["pass"], Fault.OfRun("QEMU is killed while the guest boots", "infrastructure", "QEMU"))
        {
            Arguments = _ => ["--cold"],
            StrikeAsync = async (checkout, run) =>
            {
                // Written by the QEMU that stays. The one before it ends by itself, and whoever looked too early kills nothing.
                await run.UntilAsync(() => QemuFolder.All(checkout.State).Any(folder => File.Exists(folder.PidFile)), "a QEMU that stays");
                Kill(checkout);
            },
        },
        new(["sleep_in_init"], Fault.OfRun("QEMU is killed while the module is loaded", "infrastructure", Gone))
        {
            StrikeAsync = (checkout, run) => KillWhenAsync(checkout, run, "consolePrinted", "loading for a minute"),
        },
        new(
            ["sleep", "pass"],
            Fault.OfTest("QEMU is killed under a test", "sleep", "infrastructure", Gone),
            Fault.OfTest("the next test after that", "pass", "passed"))
        {
            StrikeAsync = (checkout, run) => KillWhenAsync(checkout, run, "testPrinted", "# ready"),
        },
        new(["sleep_in_exit"], Fault.OfRun("QEMU is killed while the module is unloaded", "infrastructure", Gone))
        {
            StrikeAsync = (checkout, run) => KillWhenAsync(checkout, run, "consolePrinted", "unloading for a minute"),
        },
        new(
            ["cut_by_host", "session_killed", "link_down_for_25_s", "link_down_for_5_s", "server_killed", "link_down", "pass"],
            Resumed("the host's end of the SSH connection is killed", "cut_by_host"),
            Resumed("the guest's end of the SSH connection is killed", "session_killed"),
            Resumed("the link is down for 25 s (set_link)", "link_down_for_25_s"),
            Fault.OfTest("the link is down for 5 s (set_link)", "link_down_for_5_s", "passed").With(run => EachLineOnce(run, "link_down_for_5_s")),
            Fault.OfTest("the guest's SSH server is killed", "server_killed", "connectionLost", "There is no new one either", "the kernel did not answer"),
            Fault.OfTest("the link is down for good (set_link)", "link_down", "connectionLost", "the kernel did not answer"),
            Fault.OfTest("the rest of the plan after all these machines", "pass", "passed"))
        {
            Arguments = _ => ["--cold"],
            Under = WithMonitor,
            StrikeAsync = async (checkout, run) =>
            {
                await run.HeardAsync("testPrinted", "\"cut_by_host\",\"line\":\"# line 20\"");
                foreach (var (id, _) in checkout.Processes().Where(process => process.Command.StartsWith("ssh ", StringComparison.Ordinal) && process.Command.Contains(" -M ", StringComparison.Ordinal)))
                {
                    MarkedProcess.Kill(id);
                }

                // The connection is given up after 15 to 20 s of silence.
                await TakeLinkDownAsync(checkout, run, "link_down_for_25_s", TimeSpan.FromSeconds(25));
                await TakeLinkDownAsync(checkout, run, "link_down_for_5_s", TimeSpan.FromSeconds(5));
                await run.HeardAsync("testPrinted", "\"link_down\",\"line\":\"# line 20\"");
                await SetLinkAsync(checkout, up: false);
            },
        },
    ];

    private static Fault Resumed(string name, string test) =>
        Fault.OfTest(name, test, "passed").With(run =>
        {
            run.Notes.ShouldContain(note => note.StartsWith($"{test} ran on while its SSH connection was lost", StringComparison.Ordinal));
            return $"resumed over a new one; {EachLineOnce(run, test)}";
        });

    // The time is the fault itself.
    private static async Task TakeLinkDownAsync(FaultCheckout checkout, FaultyRun run, string test, TimeSpan time)
    {
        await run.HeardAsync("testPrinted", $"\"{test}\",\"line\":\"# line 20\"");
        await SetLinkAsync(checkout, up: false);
        await Task.Delay(time);
        await SetLinkAsync(checkout, up: true);
    }

    private static string EachLineOnce(FinishedRun run, string test)
    {
        run.Lines(test).Where(line => line.StartsWith("# line ", StringComparison.Ordinal)).ShouldBe(Enumerable.Range(1, 100).Select(number => $"# line {number}"));
        return "each of its lines came once";
    }

    private static async Task KillWhenAsync(FaultCheckout checkout, FaultyRun run, string name, string text)
    {
        await run.HeardAsync(name, text);
        Kill(checkout);
    }

    private static void Kill(FaultCheckout checkout)
    {
        foreach (var (id, _) in Qemu(checkout).ToList())
        {
            MarkedProcess.Kill(id);
        }
    }

    private static IEnumerable<(int Id, string Command)> Qemu(FaultCheckout checkout) =>
        checkout.Processes().Where(process => Path.GetFileName(process.Command.Split(' ')[0]) == QemuCommandLine.Program);

    // QMP serves one connection, which is the run's: the same QEMU gets a second monitor.
    private static IReadOnlyList<string> WithMonitor(FaultCheckout checkout)
    {
        var program = checkout.Write(
            $"bin/{QemuCommandLine.Program}",
            $"""
            #!/bin/sh
            PATH=$KEXTDEV_PATH
            exec {QemuCommandLine.Program} "$@" -chardev socket,id=faults,path={Monitor(checkout)},server=on,wait=off -mon chardev=faults,mode=control

            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var path = Environment.GetEnvironmentVariable("PATH")!;
        return ["env", $"KEXTDEV_PATH={path}", $"PATH={Path.GetDirectoryName(program)}:{path}"];
    }

    private static string Monitor(FaultCheckout checkout) => Path.Combine(checkout.Root, ".kextdev", "monitor");

    private static async Task SetLinkAsync(FaultCheckout checkout, bool up)
    {
        await using var qmp = await QmpClient.ConnectAsync(Monitor(checkout), CancellationToken.None);
        await qmp.ExecuteAsync("set_link", new JsonObject { ["name"] = "n0", ["up"] = up }, CancellationToken.None);
    }
}
