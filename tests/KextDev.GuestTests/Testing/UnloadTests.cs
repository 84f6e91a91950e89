using KextDev.Events;
using KextDev.GuestTests.Guests;

namespace KextDev.GuestTests.Testing;

[Collection(GuestTurns.Name)]
public sealed class UnloadTests
{
    [Fact]
    public async Task A_module_that_stays_is_told_with_the_process_that_has_its_device_open()
    {
        using var project = new SampleProject(""" "name": "holder", "timeLimit": 60, "arguments": ["hold"] """);

        var result = await project.RunAsync(new RecordingReport());

        var suite = result.Suites.ShouldHaveSingleItem();
        suite.Tests.ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Passed);
        suite.Verdict.ShouldBe(Verdict.Failed);
        suite.Failure!.ShouldMatch(@"^The kernel refused to unload sample: .*\. References: 1: process \d+ \(holder\) has /dev/sample open\. \(after 5 tries");
    }
}
