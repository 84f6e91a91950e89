using KextDev.Projects;

namespace KextDev.Testing;

/// <summary>How often tests run.</summary>
public sealed record Repetition
{
    public static Repetition Once { get; } = new();

    /// <summary>How often a test that did not pass is tried again.</summary>
    public int Retries { get; init; }

    /// <summary>How often the whole plan runs; null for without an end.</summary>
    public int? Rounds { get; init; } = 1;

    /// <summary>Ends with the first test that does not pass, also not on a retry.</summary>
    public bool UntilFailure { get; init; }

    /// <summary>The names of all tests that are sure to run, unless something goes wrong.</summary>
    public IReadOnlyList<string> PlannedNames(IReadOnlyList<PlannedTest> tests) =>
        [.. Enumerable.Range(1, UntilFailure ? 1 : Rounds ?? 1).SelectMany(round => tests.Select(test => NameOf(test, round)))];

    /// <param name="round">From 1 on. The first has the test's own name, so that runs can be compared.</param>
    internal static string NameOf(PlannedTest test, int round) => round == 1 ? test.Name : $"{test.Name} ({round})";
}
