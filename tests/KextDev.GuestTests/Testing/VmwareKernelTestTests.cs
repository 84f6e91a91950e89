using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Guests.Vmware;
using KextDev.Projects;
using KextDev.Testing;

namespace KextDev.GuestTests.Testing;

/// <summary>The whole pipeline on a guest of VMware, for both platforms: from power-on to report.</summary>
[Collection(GuestTurns.Name)]
public sealed class VmwareKernelTestTests
{
    [Fact]
    public async Task A_module_is_tested_and_its_panic_told_by_the_machines_serial_console()
    {
        using var project = new SampleProject(
            """ "name": "passes", "timeLimit": 30 """,
            """ "name": "panics", "timeLimit": 60, "arguments": ["panic"] """,
            """ "name": "goes_on", "timeLimit": 30 """);
        var machine = await StandInMachine.CreateAsync(project.Place, GuestPlace.Embedded);
        try
        {
            var result = await project.RunAsync(machine.Define(), new RecordingReport());

            var suite = result.Suites.ShouldHaveSingleItem();
            suite.Failure.ShouldBeNull();
            suite.Tests.Select(test => (test.Name, test.Verdict)).ShouldBe([("passes", Verdict.Passed), ("panics", Verdict.Panicked), ("goes_on", Verdict.Passed)]);
            suite.Tests[1].Failure!.ShouldContain("sysrq triggered crash");
            File.ReadAllText(Path.Combine(project.RunFolder, "crash", "1.txt")).ShouldContain("sysrq_handle_crash");
            (await machine.IsRunningAsync()).ShouldBeFalse();
        }
        finally
        {
            await machine.EndAsync();
        }
    }

    [Fact]
    public async Task A_kext_is_tested_from_a_snapshot()
    {
        using var place = new GuestPlace();
        var machine = await StandInMachine.CreateAsync(place, GuestDefinition.Find("embedded-darwin", Path.Combine(GuestPlace.Root, "vm")));
        try
        {
            await using (var guest = GuestFactory.Create(machine.Define(), place.Site))
            {
                await guest.StartAsync(CancellationToken.None);
                await ((ISnapshots)guest).TakeSnapshotAsync("clean", CancellationToken.None);
            }

            var project = Project.Load(Path.Combine(GuestPlace.Root, "kext", "samples", "echo"));
            var folder = RunFolder.Create(place.State, project.Name, TimeProvider.System);
            var options = new KernelTestOptions
            {
                Project = project,
                Plan = TestPlan.Quick,
                Suites = [new TestSuite(machine.Define(", \"snapshot\": \"clean\""), TestPlan.Select(project, TestPlan.Quick, ["settings", "unloading"], duration: null))],
                State = place.State,
                RunFolder = folder,
            };
            await using var journal = new RunJournal(TimeProvider.System, [.. KextDev.Reports.RunReports.Kept(folder)]);
            var result = await new KernelTestRun(options, journal, TimeProvider.System).RunAsync(CancellationToken.None);

            var suite = result.Suites.ShouldHaveSingleItem();
            suite.Failure.ShouldBeNull();
            suite.Tests.Select(test => (test.Name, test.Verdict)).ShouldBe([("settings", Verdict.Passed), ("unloading", Verdict.Passed)]);
            (await machine.IsRunningAsync()).ShouldBeFalse();
            File.Exists(Path.Combine(folder, "junit.xml")).ShouldBeTrue();
        }
        finally
        {
            await machine.EndAsync();
        }
    }
}
