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
            .Title(Text(Wording.Of(run)))
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
            console.MarkupLineInterpolated($"[red]{PrintableText.Of(suite.Guest)}: {PrintableText.Of(suite.Failure!.Split('\n'))}[/]");
        }

        foreach (var suite in result.Suites.Where(suite => suite.Log is not null))
        {
            console.WriteLine($"{PrintableText.Of(suite.Guest)}: {Wording.Of(suite.Log!)}");
        }

        var verdict = result.Cancelled ? "cancelled" : Wording.Of(result.Verdict);
        console.MarkupLineInterpolated($"[{Colour(result.Verdict)}]{verdict}[/]: {Wording.Counts(run, result)}");
        console.WriteLine($"run folder: {run.Folder}");
    }

    private static void AddRows(Table table, PlannedSuite suite, IReadOnlyList<TestResult> tests)
    {
        // A guest's name stands in the first of its rows.
        var guest = suite.Guest;
        foreach (var test in tests)
        {
            table.AddRow(
                Text(guest),
                Text(test.Name),
                $"[{Colour(test.Verdict)}]{Wording.Of(test.Verdict)}[/]{Wording.Of(test.Attempts)}",
                Wording.Of(test.Duration),
                Markup.Escape(Wording.Of(test.Figures)));
            guest = "";
        }

        foreach (var name in suite.NotIn(tests))
        {
            table.AddRow(Text(guest), Text(name), "[yellow]not run[/]", "", "");
            guest = "";
        }
    }

    private static string Text(string text) => Markup.Escape(PrintableText.Of(text));

    private static string Colour(Verdict verdict) => verdict switch
    {
        Verdict.Passed => "green",
        Verdict.Flaky or Verdict.Infrastructure or Verdict.Refused => "yellow",
        _ => "red",
    };
}
