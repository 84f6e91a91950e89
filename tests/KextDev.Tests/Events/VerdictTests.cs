using KextDev.Events;

namespace KextDev.Tests.Events;

public sealed class VerdictTests
{
    [Fact]
    public void Every_verdict_has_an_exit_code_of_its_own_and_only_Passed_is_zero()
    {
        var codes = Enum.GetValues<Verdict>().ToDictionary(verdict => verdict, VerdictExitCode.Of);

        codes.Values.Distinct().Count().ShouldBe(codes.Count);
        codes.Where(code => code.Value == 0).Select(code => code.Key).ShouldBe([Verdict.Passed]);
    }

    [Theory]
    [InlineData(Verdict.Passed, new Verdict[0])]
    [InlineData(Verdict.Flaky, new[] { Verdict.Passed, Verdict.Flaky })]
    [InlineData(Verdict.Refused, new[] { Verdict.Refused, Verdict.Infrastructure, Verdict.Passed })]
    [InlineData(Verdict.Failed, new[] { Verdict.Failed, Verdict.Infrastructure, Verdict.Passed })]
    [InlineData(Verdict.Panicked, new[] { Verdict.Failed, Verdict.Panicked, Verdict.Hung })]
    public void The_gravest_verdict_stands_for_the_run(Verdict expected, Verdict[] verdicts) =>
        RunResult.Gravest(verdicts).ShouldBe(expected);
}
