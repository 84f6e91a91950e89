using KextDev.Events;
using KextDev.Projects;

namespace KextDev.Testing;

/// <summary>Which test is next, and what came of those before: the plan's tests, round after round, each tried again as often as is allowed.</summary>
public sealed class TestSchedule(IReadOnlyList<PlannedTest> tests, Repetition repetition)
{
    private readonly Queue<PlannedTest> _round = new(tests);
    private readonly List<TestResult> _attempts = [];
    private readonly List<TestResult> _results = [];
    private PlannedTest? _again;
    private int _rounds = 1;

    /// <summary>What each test came to, in the order in which they ended; those that are still tried again are left out.</summary>
    public IReadOnlyList<TestResult> Results => _results;

    /// <summary>Null when none is left.</summary>
    public PlannedTest? Next => _again ?? (_round.TryPeek(out var test) ? test : null);

    /// <summary>Those of this round that are left.</summary>
    public IEnumerable<string> LeftNames => (_again is null ? [] : new[] { _again.Name }).Concat(_round.Select(test => test.Name));

    /// <summary>Takes the next test out, so that what ends the guest under it does not begin it anew.</summary>
    public PlannedTest? Take()
    {
        var test = _again ?? (_round.TryDequeue(out var next) ? next : null);
        _again = null;
        return test;
    }

    /// <summary>What the test that was taken came to.</summary>
    /// <returns>Whether it will be tried again.</returns>
    public bool Record(PlannedTest test, TestResult result)
    {
        _attempts.Add(result);
        if (result.Verdict != Verdict.Passed && _attempts.Count <= repetition.Retries)
        {
            _again = test;
            return true;
        }

        Settle();
        if (repetition.UntilFailure && _results[^1].Verdict is not (Verdict.Passed or Verdict.Flaky))
        {
            _round.Clear();
        }
        else if (_round.Count == 0 && (repetition.Rounds is not { } rounds || _rounds < rounds))
        {
            BeginRound();
        }

        return false;
    }

    /// <summary>Nothing more runs: a test that waited for its retry keeps the verdict that it has.</summary>
    public void End()
    {
        _again = null;
        _round.Clear();
        Settle();
    }

    private void BeginRound()
    {
        _rounds++;
        foreach (var test in tests)
        {
            _round.Enqueue(test with { Name = Repetition.NameOf(test, _rounds) });
        }
    }

    private void Settle()
    {
        if (_attempts.Count > 0)
        {
            _results.Add(Sum(_attempts));
            _attempts.Clear();
        }
    }

    // A test that passes at last is flaky, whatever came before; one that never does has the gravest of its verdicts.
    private static TestResult Sum(List<TestResult> attempts)
    {
        if (attempts is [var only])
        {
            return only;
        }

        var gravest = RunResult.Gravest(attempts.Select(attempt => attempt.Verdict));
        var failed = attempts.First(attempt => attempt.Verdict == gravest);
        var sum = failed with
        {
            Duration = attempts.Aggregate(TimeSpan.Zero, (all, attempt) => all + attempt.Duration),
            Attempts = [.. attempts.Select(attempt => new TestAttempt(attempt.Verdict, attempt.Duration, attempt.Failure))],
        };
        return attempts[^1] is { Verdict: Verdict.Passed } passed
            ? sum with { Verdict = Verdict.Flaky, Failure = $"It passed on retry {attempts.Count - 1}, after: {failed.Failure}", Figures = passed.Figures, Cases = passed.Cases }
            : sum with { Failure = $"{failed.Failure} It did not pass on {attempts.Count - 1} {(attempts.Count == 2 ? "retry" : "retries")} either." };
    }
}
