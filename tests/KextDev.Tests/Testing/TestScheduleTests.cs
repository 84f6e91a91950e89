using KextDev.Events;
using KextDev.Projects;
using KextDev.Testing;

namespace KextDev.Tests.Testing;

public sealed class TestScheduleTests
{
    [Fact]
    public void Each_test_runs_once_in_the_plans_order_whatever_comes_of_it()
    {
        var schedule = Schedule(Repetition.Once);

        Run(schedule, Verdict.Failed, Verdict.Passed).ShouldBe(["a", "b"]);

        schedule.Results.Select(result => (result.Name, result.Verdict)).ShouldBe([("a", Verdict.Failed), ("b", Verdict.Passed)]);
        schedule.Results.ShouldAllBe(result => result.Attempts.Count == 0);
    }

    [Fact]
    public void A_test_that_passes_on_a_retry_is_flaky_and_shows_each_outcome()
    {
        var schedule = Schedule(new Repetition { Retries = 2 });

        Run(schedule, Verdict.Failed, Verdict.Panicked, Verdict.Passed, Verdict.Passed).ShouldBe(["a", "a", "a", "b"]);

        var flaky = schedule.Results[0];
        flaky.Verdict.ShouldBe(Verdict.Flaky);
        flaky.Attempts.Select(attempt => attempt.Verdict).ShouldBe([Verdict.Failed, Verdict.Panicked, Verdict.Passed]);
        flaky.Failure.ShouldBe("It passed on retry 2, after: it came to Panicked.");
        flaky.Duration.ShouldBe(TimeSpan.FromSeconds(3));
        schedule.Results[1].ShouldSatisfyAllConditions(it => it.Name.ShouldBe("b"), it => it.Verdict.ShouldBe(Verdict.Passed), it => it.Failure.ShouldBeNull());
    }

    [Fact]
    public void A_test_that_never_passes_has_the_gravest_of_its_verdicts()
    {
        var schedule = Schedule(new Repetition { Retries = 1 });

        Run(schedule, Verdict.TimedOut, Verdict.Failed, Verdict.Passed).ShouldBe(["a", "a", "b"]);

        schedule.Results[0].Verdict.ShouldBe(Verdict.Failed);
        schedule.Results[0].Failure.ShouldBe("it came to Failed. It did not pass on 1 retry either.");
    }

    [Fact]
    public void Rounds_have_names_of_their_own()
    {
        var repetition = new Repetition { Rounds = 3 };
        var schedule = Schedule(repetition);

        Run(schedule, Verdict.Passed, Verdict.Passed, Verdict.Passed, Verdict.Failed, Verdict.Passed, Verdict.Passed).ShouldBe(["a", "b", "a (2)", "b (2)", "a (3)", "b (3)"]);
        repetition.PlannedNames(Tests).ShouldBe(["a", "b", "a (2)", "b (2)", "a (3)", "b (3)"]);
    }

    [Fact]
    public void Until_a_failure_goes_on_without_an_end_and_ends_with_the_first()
    {
        var repetition = new Repetition { Rounds = null, UntilFailure = true, Retries = 1 };
        var schedule = Schedule(repetition);

        Run(schedule, Verdict.Passed, Verdict.Passed, Verdict.Passed, Verdict.Failed, Verdict.Passed, Verdict.Failed, Verdict.Hung)
            .ShouldBe(["a", "b", "a (2)", "b (2)", "b (2)", "a (3)", "a (3)"]);

        schedule.LeftNames.ShouldBeEmpty();
        schedule.Results.Select(result => result.Verdict).ShouldBe([Verdict.Passed, Verdict.Passed, Verdict.Passed, Verdict.Flaky, Verdict.Hung]);
        repetition.PlannedNames(Tests).ShouldBe(["a", "b"]);
    }

    [Fact]
    public void A_retry_that_finds_no_guest_any_more_leaves_the_verdict_that_there_was()
    {
        var schedule = Schedule(new Repetition { Retries = 3 });
        Run(schedule, Verdict.Panicked);
        schedule.Next!.Name.ShouldBe("a");
        schedule.LeftNames.Count().ShouldBe(2);

        schedule.End();

        schedule.Next.ShouldBeNull();
        schedule.Results.ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Panicked);
    }

    private static IReadOnlyList<PlannedTest> Tests =>
        [.. new[] { "a", "b" }.Select(name => new PlannedTest(name, name, "normal", ExtensionState.Loaded, [GuestPlatform.Linux], [], TimeSpan.FromSeconds(9)))];

    private static TestSchedule Schedule(Repetition repetition) => new(Tests, repetition);

    // The names of the tests that ran, one for each verdict or until none is left.
    private static List<string> Run(TestSchedule schedule, params Verdict[] verdicts)
    {
        var names = new List<string>();
        foreach (var verdict in verdicts)
        {
            var test = schedule.Take().ShouldNotBeNull();
            names.Add(test.Name);
            schedule.Record(test, new TestResult(test.Name, verdict, TimeSpan.FromSeconds(1)) { Failure = verdict == Verdict.Passed ? null : $"it came to {verdict}." });
        }

        return names;
    }
}
