using KextDev.Debugging;
using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Testing;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Testing;

namespace KextDev.GuestTests.Debugging;

/// <summary>A kernel dies in a run, and a real lldb tells where, before its guest is ended.</summary>
[Collection(GuestTurns.Name)]
public sealed class PanicWitnessTests
{
    private readonly List<HostCommand> _offered = [];

    private string Notes { get; set; } = "";

    [Fact]
    public async Task A_Linux_kernels_end_is_shown_and_the_run_goes_on()
    {
        using var project = new SampleProject(
            """ "name": "passes", "timeLimit": 60 """, """ "name": "oops", "timeLimit": 60, "arguments": ["oops"] """, """ "name": "goes_on", "timeLimit": 60 """);

        var result = await RunAsync(project.Place, project.Folder, GuestPlace.Embedded, project.RunFolder);

        result.Suites.ShouldHaveSingleItem().Tests.Select(test => test.Verdict).ShouldBe([Verdict.Passed, Verdict.Panicked, Verdict.Passed]);

        // Through the exception to the line of the module, and on to who called it.
        Notes.ShouldMatch(
            @"frame #\d+: 0x[0-9a-f]+ vmlinux`panic \+ \d+\n(.*vmlinux`.*\n)+.*vmlinux`asm_exc_page_fault \+ \d+\n.*`sample_fault \[inlined\] sample_write at sample\.c:\d+:\d+\n.*`sample_fault at sample\.c:\d+:\d+\n(.*vmlinux`.*\n)+.*vmlinux`vfs_write",
            Notes);
        _offered.ShouldHaveSingleItem().Arguments.ShouldNotContain("--batch");
    }

    [Fact]
    public async Task A_kexts_fault_is_shown_in_its_source()
    {
        using var place = new GuestPlace();
        var folder = RunFolder.Create(place.State, "null-pointer", TimeProvider.System);

        var result = await RunAsync(
            place, Path.Combine(GuestPlace.Root, "tests", "bad-kexts", "null-pointer"), GuestDefinition.Find("embedded-darwin", Path.Combine(GuestPlace.Root, "vm")), folder);

        result.Verdict.ShouldBe(Verdict.Panicked);
        Notes.ShouldMatch(@"frame #0: 0x[0-9a-f]+ null-pointer`bad_start\(.* at null_pointer\.c:\d+", Notes);
        _offered.ShouldHaveSingleItem();
    }

    private async Task<RunResult> RunAsync(GuestPlace place, string folder, GuestDefinition guest, string runFolder)
    {
        var project = Project.Load(folder);
        var report = new RecordingReport();
        await using var journal = new RunJournal(TimeProvider.System, [report]);
        var options = new KernelTestOptions
        {
            Project = project,
            Plan = TestPlan.Quick,
            Suites = [new TestSuite(guest, TestPlan.Select(project, TestPlan.Quick, [], duration: null))],
            State = place.State,
            RunFolder = runFolder,
            Witness = new PanicWitness(
                new KernelDebugOptions { Project = project, Guest = guest, State = place.State, Folder = runFolder },
                journal,
                async (debugger, cancellationToken) =>
                {
                    // As a person would type it.
                    var session = debugger with { StandardInput = "register read rip\nquit\n" };
                    (await session.TryRunAsync(cancellationToken)).Output.ShouldMatch("rip = 0x[0-9a-f]{16}");
                    _offered.Add(debugger);
                }),
        };
        var result = await new KernelTestRun(options, journal, TimeProvider.System).RunAsync(CancellationToken.None);
        Notes = string.Join('\n', report.Events.OfType<NoteGiven>().Select(note => note.Sentence));
        return result;
    }
}
