using KextDev.Events;
using Spectre.Console;

namespace KextDev.Reports;

/// <summary>The table at the end of a run: guest, test, verdict, time, figures; below it the run's verdict and where its files are.</summary>
public static class ResultTable
{
    public static void Write(IAnsiConsole console, RunStarted run, RunResult result)
    {
        console.WriteLine();
        var table = new Table()
            .Title(Markup.Escape(Wording.Of(run)))
            .Border(console.Profile.Capabilities.Unicode ? TableBorder.Rounded : TableBorder.Ascii)
            .AddColumn("Guest")
            .AddColumn("Test")
            .AddColumn("Verdict")
            .AddColumn(new TableColumn("Time").RightAligned())
            .AddColumn("Figures");
        foreach (var suite in run.Suites)
        {
            AddRows(table, suite, result.Suites.FirstOrDefault(one => one.Guest == suite.Guest)?.Tests ?? []);
        }

        console.Write(table);
        foreach (var suite in result.Suites.Where(suite => suite.Failure is not null))
        {
            console.MarkupLineInterpolated($"[red]{suite.Guest}: {PrintableText.Of(suite.Failure!.Split('\n'))}[/]");
        }

        foreach (var suite in result.Suites.Where(suite => suite.Log is not null))
        {
            console.WriteLine($"{suite.Guest}: {Wording.Of(suite.Log!)}");
        }

        var counts = $"{result.Passed} of {run.Suites.Sum(suite => Total(suite, result))} passed in {Wording.Of(result.Duration)}";
        var verdict = result.Cancelled ? "cancelled" : Wording.Of(result.Verdict);
        console.MarkupLineInterpolated($"[{Colour(result.Verdict)}]{verdict}[/]: {counts}");
        console.WriteLine($"run folder: {run.Folder}");
    }

    // More than was planned where the rounds were not counted.
    private static int Total(PlannedSuite suite, RunResult result) =>
        Math.Max(suite.Tests.Count, result.Suites.FirstOrDefault(one => one.Guest == suite.Guest)?.Tests.Count ?? 0);

    private static void AddRows(Table table, PlannedSuite suite, IReadOnlyList<TestResult> tests)
    {
        // A guest's name stands in the first of its rows.
        var guest = suite.Guest;
        foreach (var test in tests)
        {
            table.AddRow(
                Markup.Escape(guest),
                Markup.Escape(test.Name),
                $"[{Colour(test.Verdict)}]{Wording.Of(test.Verdict)}[/]{Attempts(test)}",
                Wording.Of(test.Duration),
                Markup.Escape(Wording.Of(test.Figures)));
            guest = "";
        }

        foreach (var name in suite.Tests.Except(tests.Select(test => test.Name), StringComparer.Ordinal))
        {
            table.AddRow(Markup.Escape(guest), Markup.Escape(name), "[yellow]not run[/]", "", "");
            guest = "";
        }
    }

    // "flaky: panicked, passed"
    private static string Attempts(TestResult test) =>
        test.Attempts.Count == 0 ? "" : $": {string.Join(", ", test.Attempts.Select(attempt => Wording.Of(attempt.Verdict)))}";

    private static string Colour(Verdict verdict) => verdict switch
    {
        Verdict.Passed => "green",
        Verdict.Flaky or Verdict.Infrastructure or Verdict.Refused => "yellow",
        _ => "red",
    };
}
