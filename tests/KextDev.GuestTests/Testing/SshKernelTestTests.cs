using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Guests.Vmware;
using KextDev.Platforms.Darwin;
using KextDev.Projects;
using KextDev.Reports;
using KextDev.Shells;
using KextDev.Testing;

namespace KextDev.GuestTests.Testing;

/// <summary>The whole pipeline on a machine that is reached by SSH alone: no console, no hypervisor's word.</summary>
[Collection(GuestTurns.Name)]
public sealed class SshKernelTestTests
{
    private const string Address = "127.66.77.89";

    [Fact]
    public async Task A_Macs_panic_is_told_by_the_report_that_it_writes_when_it_is_up_again()
    {
        using var place = new GuestPlace();
        var machine = await StandInMachine.CreateAsync(place, GuestDefinition.Find("embedded-darwin", Path.Combine(GuestPlace.Root, "vm")));
        machine.Change(new KextDev.Guests.Vmware.VmxChange("standIn.address", Address));
        try
        {
            await machine.Vmrun.StartAsync(CancellationToken.None);
            var file = Path.Combine(place.State.Path, "away.json");
            await File.WriteAllTextAsync(
                file,
                $$"""
                {
                  "driver": "ssh", "platform": "darwin", "recipe": "debian-cloud", "kextHost": "{{Path.Combine(GuestPlace.Root, "kext", "host")}}",
                  "host": "{{Address}}", "port": 2222, "startLimit": 120
                }
                """);
            var definition = GuestDefinition.Read(file);
            await RestartWithoutDebuggerAsync(definition, place.Site);
            var project = Project.Load(Path.Combine(GuestPlace.Root, "tests", "bad-kexts", "panics-in-callback"));
            var options = new KernelTestOptions
            {
                Project = project,
                Plan = TestPlan.Quick,
                Suites = [new TestSuite(definition, TestPlan.Select(project, TestPlan.Quick, [], duration: null))],
                State = place.State,
                RunFolder = RunFolder.Create(place.State, project.Name, TimeProvider.System),
            };
            await using var journal = new RunJournal(TimeProvider.System, [.. RunReports.Kept(options.RunFolder)]);

            var result = await new KernelTestRun(options, journal, TimeProvider.System).RunAsync(CancellationToken.None);

            var test = result.Suites.ShouldHaveSingleItem().Tests.ShouldHaveSingleItem();
            test.Verdict.ShouldBe(Verdict.Panicked, test.Failure);
            test.Failure.ShouldBe("bad: a file of all things [org.kextdev.panics-in-callback]");
            File.ReadAllText(Path.Combine(options.RunFolder, "crash", "1.txt")).ShouldContain("org.kextdev.panics-in-callback(1.0)[");
        }
        finally
        {
            await machine.EndAsync();
        }
    }

    // As it comes, a panic waits for the debugger.
    private static async Task RestartWithoutDebuggerAsync(GuestDefinition definition, GuestSite site)
    {
        await using var guest = GuestFactory.Create(definition, site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        var shell = await GuestShell.ConnectAsync(endpoint, CancellationToken.None);
        (await shell.RunAsync("nvram boot-args=keepsyms=1", CancellationToken.None)).ExitCode.ShouldBe(0);
        await using var anew = await new GuestRestart(guest, endpoint, BootName.ReadAsync, TimeSpan.FromMinutes(3), TimeProvider.System).RunAsync(shell, "shutdown -r now", CancellationToken.None);
    }
}
