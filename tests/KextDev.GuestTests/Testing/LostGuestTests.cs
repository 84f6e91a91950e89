using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;

namespace KextDev.GuestTests.Testing;

/// <summary>A guest that was up before the run and is lost in it: what remains of its kernel, how the run goes on, and what the next one does.</summary>
[Collection(GuestTurns.Name)]
public sealed class LostGuestTests
{
    [Fact]
    public async Task Its_evidence_is_taken_the_rest_of_the_plan_runs_and_its_killer_is_not_loaded_again_unasked()
    {
        using var project = new SampleProject(
            """ "name": "spins", "timeLimit": 10, "arguments": ["spin"] """,
            """ "name": "panics", "timeLimit": 60, "arguments": ["oops"] """,
            """ "name": "goes_on", "timeLimit": 60 """) { MemoryDump = true };
        await KeepAsync(project.Place);

        var result = await project.RunAsync(new RecordingReport());
        var again = await project.RunAsync(new RecordingReport());
        var up = await project.Place.ListAsync();
        await GuestFactory.Create(GuestPlace.Embedded, project.Place.Site).StopAsync(CancellationToken.None);

        var suite = result.Suites.ShouldHaveSingleItem();
        suite.Tests.Select(test => (test.Name, test.Verdict)).ShouldBe([("spins", Verdict.Hung), ("panics", Verdict.Panicked), ("goes_on", Verdict.Passed)], suite.Failure);
        suite.Tests[0].Failure!.ShouldMatch(
            @"Processor 0 is in sample_spin\+0x[0-9a-f]+ \[sample\], with interrupts off\. Processor 1 is in sample_spin\+0x[0-9a-f]+ \[sample\], with interrupts off\.$");
        var crash = Path.Combine(project.RunFolder, "crash");
        (await File.ReadAllTextAsync(Path.Combine(crash, "embedded-1-processors.log"))).ShouldMatch(@" sample_set_spin\+0x[0-9a-f]+ \[sample\]\n +[0-9a-f]{16} param_attr_store\+0x");
        (await File.ReadAllTextAsync(Path.Combine(crash, "embedded-2-processors.log"))).ShouldMatch(@" sample_set\+0x[0-9a-f]+ \[sample\]\n");
        foreach (var dump in new[] { "embedded-1-memory.kdump", "embedded-2-memory.kdump" }.Select(name => new FileInfo(Path.Combine(crash, name))))
        {
            dump.Length.ShouldBeGreaterThan(1 << 20);
            dump.UnixFileMode.ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        again.Verdict.ShouldBe(Verdict.Refused);
        again.Suites[0].Failure!.ShouldMatch(@"sample was not loaded into guest embedded: this very build \([0-9a-f]+\) killed its kernel before: BUG: .* in sample_fault \[sample\]");
        again.Suites[0].Failure!.ShouldContain(project.RunFolder);
        up.ShouldHaveSingleItem().Kept.ShouldBeTrue();
    }

    [Fact]
    public async Task It_stays_as_it_is_where_the_run_is_to_keep_it_and_what_is_not_run_is_named()
    {
        using var project = new SampleProject(
            """ "name": "panics", "timeLimit": 60, "arguments": ["oops"] """,
            """ "name": "not_run", "timeLimit": 60 """) { KeepGuest = true };
        var report = new RecordingReport();

        var result = await project.RunAsync(report);
        var up = await project.Place.ListAsync();
        await GuestFactory.Create(GuestPlace.Embedded, project.Place.Site).StopAsync(CancellationToken.None);

        result.Verdict.ShouldBe(Verdict.Panicked);
        result.Suites.ShouldHaveSingleItem().Tests.ShouldHaveSingleItem().Name.ShouldBe("panics");
        up.ShouldHaveSingleItem().Kept.ShouldBeTrue();
        var notes = report.Events.OfType<NoteGiven>().Select(note => note.Sentence).ToList();
        notes.ShouldContain("Guest embedded is left up: ./build.sh VmShell --guest embedded gets in, ./build.sh VmDown --guest embedded ends it.");
        notes.ShouldContain("Not run: not_run: with --keep-guest guest embedded is left as it is, and none is started in its place. Run them without, or choose them with --tests.");
        (await project.Place.ListAsync()).ShouldBeEmpty();
    }

    private static async Task KeepAsync(GuestPlace place)
    {
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, place.Site);
        await guest.StartAsync(CancellationToken.None);
        ((IKeepable)guest).Keep();
    }
}
