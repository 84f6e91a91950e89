using KextDev.Events;
using KextDev.Reports;
using Spectre.Console;

namespace KextDev.Tests.Reports;

/// <summary>What the extension logs, as a console shows it: beside the verdict of a test that does not pass, and summed up for those that do.</summary>
public sealed class ConsoleReportTests
{
    private static readonly RunStarted s_run = new("sample", "quick", [new PlannedSuite("embedded", ["a", "b"])], "/runs/1");

    [Fact]
    public void Messages_of_tests_that_pass_are_one_line()
    {
        var lines = Show(
            Start("a"), Message("a", MessageLevel.Warning, "low"), Message("a", MessageLevel.Error, "none"), new MessagesOmitted("a", 1200), End("a", Verdict.Passed),
            Start("b"), Message("a", MessageLevel.Warning, "late"), Message("b", MessageLevel.Warning, "low"), End("b", Verdict.Passed), Suite());

        lines.Where(line => line.Contains("low") || line.Contains("late") || line.Contains("none")).ShouldBeEmpty();
        lines.ShouldContain("  logged during tests that passed: a 2 warnings, 1 error and 1,200 more, b 1 warning (embedded/logs/)");
    }

    [Fact]
    public void Messages_of_a_test_that_does_not_pass_stand_below_its_verdict()
    {
        var lines = Show(
            Start("a"), Message("a", MessageLevel.Warning, "low"), Message("a", MessageLevel.Error, "none"), End("a", Verdict.Failed), Message("a", MessageLevel.Error, "late"),
            Start("b"), End("b", Verdict.Passed), Suite());

        lines.Select(line => line.TrimEnd()).Where(line => line.Length > 0).Take(6).ShouldBe(
            ["failed       a                1.00 s", "    it says no", "    warning a: low", "    error   a: none", "    error   a: late", "ok           b                1.00 s"]);
        lines.ShouldNotContain(line => line.Contains("tests that passed"));
    }

    [Fact]
    public void Of_many_messages_the_last_before_the_verdict_are_shown()
    {
        var lines = Show(
            [Start("a"), .. Enumerable.Range(1, 100).Select(number => Message("a", MessageLevel.Warning, $"number {number}.")), End("a", Verdict.TimedOut), Suite()]);

        lines.Count(line => line.StartsWith("    warning a: number", StringComparison.Ordinal)).ShouldBe(40);
        lines.ShouldContain("    warning a: number 100.");
        lines.ShouldContain("    a: 60 more warnings and errors; the run folder has them all");
    }

    [Fact]
    public void Messages_outside_tests_and_of_a_run_that_is_cancelled_are_shown()
    {
        var lines = Show(Message(test: null, MessageLevel.Error, "between"), Start("a"), Message("a", MessageLevel.Warning, "last"), Suite());

        lines.ShouldContain("    error   between");
        lines.ShouldContain("    warning a: last");
    }

    [Fact]
    public void A_retry_that_passes_does_not_hide_what_the_first_try_logged()
    {
        var lines = Show(Start("a"), Message("a", MessageLevel.Error, "first"), End("a", Verdict.Failed), Start("a"), Message("a", MessageLevel.Error, "second"), End("a", Verdict.Passed), Suite());

        lines.ShouldContain("    error   a: first");
        lines.ShouldContain("  logged during tests that passed: a 1 error (embedded/logs/)");
    }

    private static TestStarted Start(string test) => new(test, TimeSpan.FromSeconds(30));

    private static TestEnded End(string test, Verdict verdict) =>
        new(new TestResult(test, verdict, TimeSpan.FromSeconds(1)) { Failure = verdict == Verdict.Passed ? null : "it says no" });

    private static MessageLogged Message(string? test, MessageLevel level, string text) => new(test, level, text);

    private static SuiteEnded Suite() => new(new SuiteResult("embedded", Verdict.Passed, [], TimeSpan.FromSeconds(3)));

    private static string[] Show(params RunEvent[] events)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 130;
        var report = new ConsoleReport(console);
        foreach (var told in events.Prepend(s_run))
        {
            report.Receive(told);
        }

        return text.ToString().Split('\n');
    }
}
