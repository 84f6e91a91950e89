using KextDev.Events;
using KextDev.GuestTests.Guests;

namespace KextDev.GuestTests.Testing;

/// <summary>Extensions that come and go at the end of a run. What a module that leaks comes to is among the faults.</summary>
[Collection(GuestTurns.Name)]
public sealed class FindLeaksTests
{
    [Fact]
    public async Task A_module_that_gives_all_back_passes_with_the_figures_kept()
    {
        using var project = new SampleProject(""" "name": "passes", "timeLimit": 60 """) { LeakCycles = 8 };

        var result = await project.RunAsync(new RecordingReport());

        var suite = result.Suites.ShouldHaveSingleItem();
        suite.Tests.ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Passed);
        var figures = await File.ReadAllTextAsync(Path.Combine(project.RunFolder, "embedded", "logs", "leaks.txt"));
        (result.Verdict, suite.Failure).ShouldBe((Verdict.Passed, null), figures);
        figures.ShouldContain("slab memory");
    }
}
