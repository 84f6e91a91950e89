using KextDev.Projects;

namespace KextDev.Tests.Projects;

public sealed class ClosestMatchTests
{
    private static readonly string[] s_names = ["ring_stress", "bad_requests", "lifecycle", "file_events"];

    [Theory]
    [InlineData("ring_stres", "ring_stress")]
    [InlineData("RING_STRESS", "ring_stress")]
    [InlineData("lifecylce", "lifecycle")]
    [InlineData("fileevents", "file_events")]
    [InlineData("teardown", null)]
    [InlineData("", null)]
    public void Finds_what_was_meant_or_nothing(string name, string? expected) => ClosestMatch.Find(name, s_names).ShouldBe(expected);

    [Fact]
    public void Asks_a_question_only_when_something_is_near()
    {
        ClosestMatch.Question("lifecycel", s_names).ShouldBe(" Did you mean 'lifecycle'?");
        ClosestMatch.Question("zzz", s_names).ShouldBeEmpty();
    }
}
