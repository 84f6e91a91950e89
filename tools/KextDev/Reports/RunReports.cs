using KextDev.Events;
using Spectre.Console;

namespace KextDev.Reports;

/// <summary>The reports of a run: those that its folder keeps, and those that a person sees.</summary>
public static class RunReports
{
    // A file or a CI log has no width; lines are wrapped where a person would not mind.
    private const int WidthWithoutTerminal = 160;

    /// <summary>Standard output: colours and a moving line on a terminal, plain lines otherwise and under NO_COLOR.</summary>
    public static IAnsiConsole Terminal()
    {
        var plain = Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (plain)
        {
            console.Profile.Width = WidthWithoutTerminal;
        }

        return console;
    }

    /// <summary>What a person sees of a run: on a terminal, or in GitHub's log with annotations.</summary>
    public static IReadOnlyList<IRunReport> Shown(IAnsiConsole console)
    {
        IRunReport report = console.Profile.Capabilities is { Ansi: true, Interactive: true }
            ? new LiveStatus(console, new ConsoleReport(console), TimeProvider.System)
            : new ConsoleReport(console);
        return GitHubAnnotations.OfRunner(console.Profile.Out.Writer) is { } annotations ? [report, annotations] : [report];
    }

    /// <summary>events.jsonl, junit.xml, results.trx, crash/ and report.html in the run's folder.</summary>
    public static IReadOnlyList<IRunReport> Kept(string runFolder) =>
    [
        new JsonLinesReport(Path.Combine(runFolder, "events.jsonl")),
        new JUnitReport(Path.Combine(runFolder, "junit.xml")),
        new TrxReport(Path.Combine(runFolder, "results.trx")),
        new CrashReport(Path.Combine(runFolder, "crash")),

        // The last: it links to what the others have written.
        new HtmlReport(Path.Combine(runFolder, "report.html")),
    ];
}
