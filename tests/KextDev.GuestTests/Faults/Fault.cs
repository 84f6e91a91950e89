using KextDev.Processes;

namespace KextDev.GuestTests.Faults;

/// <summary>Something that goes wrong in a run, and what the run must show.</summary>
/// <param name="Name">What is really done, in a few words.</param>
/// <param name="Show">Fails unless the run shows the fault as what it is; what it shows, in a few words.</param>
internal sealed record Fault(string Name, Func<FinishedRun, string> Show)
{
    /// <summary>A fault that is one test's.</summary>
    /// <param name="verdict">As events.jsonl has it.</param>
    /// <param name="pieces">Of the failure's text.</param>
    public static Fault OfTest(string name, string test, string verdict, params IReadOnlyList<string> pieces) =>
        new(name, run => Shown(run.Test(test), verdict, pieces));

    /// <summary>A fault that is no test's.</summary>
    public static Fault OfRun(string name, string verdict, params IReadOnlyList<string> pieces) =>
        new(name, run => Shown((run.Verdict, run.Failure), verdict, pieces));

    /// <summary>The same with something more to show.</summary>
    public Fault With(Func<FinishedRun, string> more) => this with { Show = run => $"{Show(run)}; {more(run)}" };

    private static string Shown((string Verdict, string Failure) told, string verdict, IReadOnlyList<string> pieces)
    {
        told.Verdict.ShouldBe(verdict, told.Failure);
        pieces.ShouldAllBe(piece => told.Failure.Contains(piece, StringComparison.OrdinalIgnoreCase), told.Failure);
        return pieces.Count == 0 ? verdict : $"{verdict}: {string.Join(" ... ", pieces)}";
    }
}

/// <summary>One run with faults in it.</summary>
/// <param name="Tests">Of the project.</param>
internal sealed record Scenario(IReadOnlyList<string> Tests, params IReadOnlyList<Fault> Faults)
{
    /// <summary>A folder of tests/bad-modules.</summary>
    public string Project { get; init; } = "faults";

    /// <summary>Further arguments of build.sh.</summary>
    public Func<FaultCheckout, IReadOnlyList<string>> Arguments { get; init; } = _ => [];

    /// <summary>Runs the rest of its command line in other surroundings; empty for none.</summary>
    public Func<FaultCheckout, IReadOnlyList<string>> Under { get; init; } = _ => [];

    /// <summary>What must succeed for the fault to be made; where it does not, the table says why.</summary>
    public HostCommand? Needs { get; init; }

    /// <summary>What happens to the run from outside.</summary>
    public Func<FaultCheckout, FaultyRun, Task> StrikeAsync { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Where it is not the verdict's.</summary>
    public IReadOnlyList<int>? ExitCodes { get; init; }

    /// <summary>Whether the run's reports are whole: not where its folder cannot be written to.</summary>
    public bool Reports { get; init; } = true;
}
