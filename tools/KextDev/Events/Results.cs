namespace KextDev.Events;

/// <summary>What one test came to.</summary>
public sealed record TestResult(string Name, Verdict Verdict, TimeSpan Duration)
{
    /// <summary>One sentence; null when the test passed.</summary>
    public string? Failure { get; init; }

    /// <summary>Measured figures in the order in which the test printed them.</summary>
    public IReadOnlyList<Figure> Figures { get; init; } = [];

    /// <summary>The single cases, as the program reported them.</summary>
    public IReadOnlyList<CaseResult> Cases { get; init; } = [];

    /// <summary>The last lines that the program printed; kept for tests that did not pass.</summary>
    public IReadOnlyList<string> LastOutput { get; init; } = [];

    /// <summary>Each time that it ran, where that was more than once.</summary>
    public IReadOnlyList<TestAttempt> Attempts { get; init; } = [];

    /// <summary>The kernel's log lines from the test's start on; kept for tests that did not pass.</summary>
    public IReadOnlyList<string> KernelLog { get; init; } = [];
}

/// <summary>One of several times that a test ran.</summary>
/// <param name="Failure">Null when it passed.</param>
public sealed record TestAttempt(Verdict Verdict, TimeSpan Duration, string? Failure);

/// <summary>One case of a test program.</summary>
/// <param name="Skipped">The program did not run it, for the reason that it gives.</param>
/// <param name="Reason">What follows the '#' of the case's line; null when nothing does.</param>
public sealed record CaseResult(string Name, bool Passed, bool Skipped, string? Reason);

/// <summary>A measured figure, such as "events/s 812345".</summary>
public sealed record Figure(string Name, double Value);

/// <summary>What the tests of one guest came to.</summary>
/// <param name="Verdict">The gravest verdict of its tests and stages.</param>
public sealed record SuiteResult(string Guest, Verdict Verdict, IReadOnlyList<TestResult> Tests, TimeSpan Duration)
{
    /// <summary>Why the suite as a whole failed, where it was not a test; null otherwise.</summary>
    public string? Failure { get; init; }

    /// <summary>What came of the extension's log channel; null where it has none, or nobody read it.</summary>
    public LogCounts? Log { get; init; }
}

/// <summary>What a whole run came to.</summary>
/// <param name="Verdict">The gravest verdict of its suites.</param>
public sealed record RunResult(Verdict Verdict, IReadOnlyList<SuiteResult> Suites, TimeSpan Duration)
{
    /// <summary>True when the user ended the run; its results are what there was until then.</summary>
    public bool Cancelled { get; init; }

    /// <summary>How many tests passed, in all suites.</summary>
    public int Passed => Suites.Sum(suite => suite.Tests.Count(test => test.Verdict == Verdict.Passed));

    /// <summary>The gravest of some verdicts; a dead kernel outweighs all, a true failure outweighs trouble with the surroundings.</summary>
    public static Verdict Gravest(IEnumerable<Verdict> verdicts) => verdicts.DefaultIfEmpty(Verdict.Passed).MaxBy(Gravity);

    private static int Gravity(Verdict verdict) => verdict switch
    {
        Verdict.Passed => 0,
        Verdict.Flaky => 1,
        Verdict.Infrastructure => 2,
        Verdict.Refused => 3,
        Verdict.ConnectionLost => 4,
        Verdict.TimedOut => 5,
        Verdict.Failed => 6,
        Verdict.Hung => 7,
        Verdict.Panicked => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "An unknown verdict has no gravity."),
    };
}
