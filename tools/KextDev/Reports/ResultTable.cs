using KextDev.Events;
using Spectre.Console;

namespace KextDev.Reports;

/// <summary>The table at the end of a run: test, verdict, time, figures; below it the run's verdict and where its files are.</summary>
public static class ResultTable
{
    public static void Write(IAnsiConsole console, RunStarted run, RunResult result)
    {
        console.WriteLine();
        var table = new Table()
            .Title(Markup.Escape(Wording.Of(run)))
            .Border(console.Profile.Capabilities.Unicode ? TableBorder.Rounded : TableBorder.Ascii)
            .AddColumn("Test")
            .AddColumn("Verdict")
            .AddColumn(new TableColumn("Time").RightAligned())
            .AddColumn("Figures");
        foreach (var test in result.Tests)
        {
            table.AddRow(
                Markup.Escape(test.Name),
                $"[{Colour(test.Verdict)}]{Wording.Of(test.Verdict)}[/]",
                Wording.Of(test.Duration),
                Markup.Escape(Wording.Of(test.Figures)));
        }

        foreach (var name in run.Tests.Except(result.Tests.Select(test => test.Name), StringComparer.Ordinal))
        {
            table.AddRow(Markup.Escape(name), "[yellow]not run[/]", "", "");
        }

        console.Write(table);
        if (result.Failure is not null)
        {
            console.MarkupLineInterpolated($"[red]{PrintableText.Of(result.Failure.Split('\n'))}[/]");
        }

        var passed = result.Tests.Count(test => test.Verdict == Verdict.Passed);
        var counts = $"{passed} of {run.Tests.Count} passed in {Wording.Of(result.Duration)}";
        var verdict = result.Cancelled ? "cancelled" : Wording.Of(result.Verdict);
        console.MarkupLineInterpolated($"[{Colour(result.Verdict)}]{verdict}[/]: {counts}");
        console.WriteLine($"run folder: {run.Folder}");
    }

    private static string Colour(Verdict verdict) => verdict switch
    {
        Verdict.Passed => "green",
        Verdict.Flaky or Verdict.Infrastructure => "yellow",
        _ => "red",
    };
}
