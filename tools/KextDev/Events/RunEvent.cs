namespace KextDev.Events;

/// <summary>Something that happened in a run. The cases below are all there are; reporters match on them.</summary>
public abstract record RunEvent
{
    private protected RunEvent()
    {
    }

    /// <summary>Stamped by <see cref="RunJournal"/>.</summary>
    public DateTimeOffset Time { get; init; }
}

/// <summary>The first event of a run.</summary>
/// <param name="Suites">In the order in which they run.</param>
/// <param name="Folder">Where the run's files are.</param>
public sealed record RunStarted(string Project, string Plan, IReadOnlyList<PlannedSuite> Suites, string Folder) : RunEvent
{
    /// <summary>A shell's line that makes the same run again; null where nobody typed one.</summary>
    public string? Command { get; init; }
}

/// <summary>The tests that one guest is to run.</summary>
public sealed record PlannedSuite(string Guest, IReadOnlyList<string> Tests)
{
    /// <summary>A shell's line that tests in this guest alone, up to the names of the tests; null where nobody typed one.</summary>
    public string? Command { get; init; }

    /// <summary>Those that are not among the results.</summary>
    public IEnumerable<string> NotIn(IEnumerable<TestResult> results) => Tests.Except(results.Select(result => result.Name), StringComparer.Ordinal);
}

/// <summary>What follows, up to the suite's end, happens with one guest.</summary>
public sealed record SuiteStarted(string Guest) : RunEvent;

public sealed record SuiteEnded(SuiteResult Result) : RunEvent;

/// <summary>What the guest's system is, in its own words: kernel, release and machine.</summary>
public sealed record GuestDescribed(string System) : RunEvent;

public sealed record StageStarted(Stage Stage) : RunEvent;

/// <param name="Failure">Null when the stage succeeded.</param>
public sealed record StageEnded(Stage Stage, TimeSpan Duration, string? Failure) : RunEvent
{
    /// <summary>The failure of a stage that did not fail: the user ended the run.</summary>
    public const string Cancelled = "cancelled";
}

/// <summary>A sentence for the person who waits: what was decided and why.</summary>
public sealed record NoteGiven(string Sentence) : RunEvent;

/// <summary>A line of the compiler's, unchanged.</summary>
public sealed record CompilerPrinted(string Line) : RunEvent;

public sealed record TestStarted(string Test, TimeSpan TimeLimit) : RunEvent;

/// <summary>A line of the test program's; raw text of the guest.</summary>
public sealed record TestPrinted(string Test, string Line) : RunEvent;

/// <param name="Done">Of <paramref name="Total"/>, in the test's own unit.</param>
public sealed record TestProgressed(string Test, long Done, long Total) : RunEvent;

public sealed record TestEnded(TestResult Result) : RunEvent;

/// <summary>A line of the guest's kernel console; raw text of the guest.</summary>
public sealed record ConsolePrinted(string Line) : RunEvent;

/// <summary>A warning or an error of the extension's, by its log channel.</summary>
/// <param name="Test">The one that ran; null between tests.</param>
/// <param name="Text">Raw text of the guest.</param>
public sealed record MessageLogged(string? Test, MessageLevel Level, string Text) : RunEvent;

/// <summary>So many more came in that second than are told; the run's folder has them all.</summary>
public sealed record MessagesOmitted(string? Test, long Count) : RunEvent;

/// <summary>The kernel died or complained; <paramref name="Text"/> is its report.</summary>
/// <param name="Fatal">False for a warning after which the kernel goes on.</param>
public sealed record KernelCrashed(string Title, bool Fatal, string Text) : RunEvent
{
    /// <summary>Where it happened; null when unknown.</summary>
    public string? Function { get; init; }

    /// <summary>Whose function that is: the extension that is to blame; null when it is the kernel's own, or unknown.</summary>
    public string? Module { get; init; }
}

/// <summary>The last event of a run.</summary>
public sealed record RunEnded(RunResult Result) : RunEvent;

/// <summary>The steps of a run, in their order; then those of what is no test.</summary>
public enum Stage
{
    Build,
    AcquireGuest,
    Connect,
    Deploy,
    Load,
    DeployTests,
    Symbols,
    Stress,
    Unload,
    Leaks,
    Collect,
    Report,
    Configure,
    Restart,
}
