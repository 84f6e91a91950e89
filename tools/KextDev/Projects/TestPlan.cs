using System.IO.Enumeration;

namespace KextDev.Projects;

/// <summary>Which tests run, and for how long: <c>quick</c> takes seconds, <c>full</c> is thorough, <c>soak</c> goes on for a given time.</summary>
public static class TestPlan
{
    public const string Quick = "quick";
    public const string Full = "full";
    public const string Soak = "soak";

    /// <summary>What a manifest writes where a soak's length in seconds belongs.</summary>
    public const string Seconds = "{seconds}";

    public static IReadOnlyList<string> Names { get; } = [Quick, Full, Soak];

    /// <summary>The tests of a plan, in the order of the manifest.</summary>
    /// <param name="project">Whose tests.</param>
    /// <param name="plan">One of <see cref="Names"/>.</param>
    /// <param name="patterns">Names of tests, or patterns with '*' and '?', each by itself or several with spaces or commas between; all tests of the plan when empty.</param>
    /// <param name="duration">How long a soak goes on; null for the other plans.</param>
    /// <exception cref="InfrastructureException">The plan or a test does not exist, or nothing is left to run.</exception>
    public static IReadOnlyList<PlannedTest> Select(Project project, string plan, IReadOnlyList<string> patterns, TimeSpan? duration)
    {
        if (!Names.Contains(plan))
        {
            throw new InfrastructureException($"There is no plan '{plan}'. Plans: {string.Join(", ", Names)}.{ClosestMatch.Question(plan, Names)}");
        }

        if (plan == Soak ? duration is not { TotalSeconds: >= 1 } : duration is not null)
        {
            throw new InfrastructureException(
                plan == Soak
                    ? "The soak plan does not know when to end. Say how long, a second or more: --plan soak --duration 1h."
                    : $"A duration means nothing to the plan '{plan}', whose tests end by themselves. Leave it out, or use --plan soak.");
        }

        patterns = [.. patterns.SelectMany(words => words.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))];
        var inPlan = project.Tests.Where(test => test.Plans.Count == 0 || test.Plans.ContainsKey(plan)).ToList();
        foreach (var pattern in patterns.Where(pattern => !inPlan.Exists(test => Matches(pattern, test))))
        {
            var names = project.Tests.Select(test => test.Name).ToList();
            throw new InfrastructureException(
                project.Tests.Any(test => Matches(pattern, test))
                    ? $"No test of the plan '{plan}' is called '{pattern}': {project.File} has it in other plans only. Choose one of these with --plan."
                    : $"No test is called '{pattern}'. Tests of {project.Name}: {string.Join(", ", names)}.{ClosestMatch.Question(pattern, names)}");
        }

        var selected = inPlan.Where(test => patterns.Count == 0 || patterns.Any(pattern => Matches(pattern, test)));
        IReadOnlyList<PlannedTest> tests = [.. selected.Select(test => Plan(test, plan, duration ?? TimeSpan.Zero))];
        return tests.Count > 0 ? tests : throw new InfrastructureException($"The plan '{plan}' has no test: {project.File} declares none for it. Add one, or choose another plan.");
    }

    private static bool Matches(string pattern, TestDeclaration test) => FileSystemName.MatchesSimpleExpression(pattern, test.Name, ignoreCase: false);

    private static PlannedTest Plan(TestDeclaration test, string plan, TimeSpan duration)
    {
        IReadOnlyList<string> arguments = [.. test.Arguments, .. test.Plans.GetValueOrDefault(plan, [])];
        var lasts = arguments.Any(argument => argument.Contains(Seconds, StringComparison.Ordinal));
        return new PlannedTest(
            test.Name,
            test.Name,
            test.Variant,
            test.Extension,
            test.Platforms,
            [.. arguments.Select(argument => argument.Replace(Seconds, $"{(long)duration.TotalSeconds}", StringComparison.Ordinal))],
            lasts ? test.TimeLimit + duration : test.TimeLimit);
    }
}

/// <summary>A test with everything decided that it needs to run.</summary>
/// <param name="Name">Of the test.</param>
/// <param name="Program">File name of its program in the folder of built programs.</param>
/// <param name="Variant">The build of the extension that it tests.</param>
/// <param name="Extension">Whether the extension is loaded when the test starts.</param>
/// <param name="Platforms">The systems that it runs on.</param>
/// <param name="Arguments">For the program.</param>
/// <param name="TimeLimit">Of this run.</param>
public sealed record PlannedTest(
    string Name, string Program, string Variant, ExtensionState Extension, IReadOnlyList<GuestPlatform> Platforms,
    IReadOnlyList<string> Arguments, TimeSpan TimeLimit);
