using KextDev.Events;
using KextDev.GuestTests.Guests;

namespace KextDev.GuestTests.Testing;

/// <summary>Extensions that come and go at the end of a run: what they leave behind each time is found, in the kernel's own figures.</summary>
[Collection(GuestTurns.Name)]
public sealed class FindLeaksTests
{
    [Theory]
    [InlineData("leaks")]
    [InlineData("normal")]
    public async Task A_module_that_keeps_a_megabyte_each_time_fails_with_the_figures_and_one_that_does_not_passes(string variant)
    {
        using var project = new SampleProject($""" "name": "passes", "timeLimit": 60, "variant": "{variant}" """) { LeakCycles = 8 };

        var result = await project.RunAsync(new RecordingReport());

        var suite = result.Suites.ShouldHaveSingleItem();
        suite.Tests.ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Passed);
        var figures = await File.ReadAllTextAsync(Path.Combine(project.RunFolder, "embedded", "logs", "leaks.txt"));
        if (variant == "normal")
        {
            (result.Verdict, suite.Failure).ShouldBe((Verdict.Passed, null), figures);
            return;
        }

        result.Verdict.ShouldBe(Verdict.Failed);
        suite.Failure!.ShouldStartWith("sample leaks: with each loading and unloading the kernel holds more.\nslab memory: ");
        suite.Failure!.ShouldMatch(@"after 6 cycles, which is 1,0\d\d(\.\d)? KiB a cycle \(\+2,\d{3}, ");
    }
}
