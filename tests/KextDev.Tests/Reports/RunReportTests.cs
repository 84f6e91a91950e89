using System.Text.Json;
using System.Xml.Linq;
using KextDev.Events;
using KextDev.Reports;
using Spectre.Console;

namespace KextDev.Tests.Reports;

/// <summary>One run with a pass, a failure with hostile output, and a panic, as each report writes it.</summary>
public sealed class RunReportTests : IDisposable
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    private readonly string _folder = Directory.CreateTempSubdirectory("reports").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task JUnit_has_a_case_for_each_test_and_tells_failures_from_errors()
    {
        var path = Path.Combine(_folder, "junit.xml");
        await ReportAsync(new JUnitReport(path));

        var suite = XDocument.Load(path).Root!.Element("testsuite")!;
        suite.Attribute("tests")!.Value.ShouldBe("4");
        suite.Attribute("failures")!.Value.ShouldBe("2");
        suite.Attribute("errors")!.Value.ShouldBe("1");
        var failed = suite.Elements("testcase").Single(c => c.Attribute("name")!.Value == "bad_requests");
        failed.Element("failure")!.Attribute("message")!.Value.ShouldContain("EINVAL");
        failed.Element("failure")!.Value.ShouldContain("osquery: complains");
        failed.Element("system-out")!.Value.ShouldContain("\\x1b[2J");
        suite.Elements("testcase").First().Descendants("property").Single().Attribute("value")!.Value.ShouldBe("200000");
    }

    [Fact]
    public async Task Trx_counts_and_names_the_outcomes()
    {
        var path = Path.Combine(_folder, "results.trx");
        await ReportAsync(new TrxReport(path));

        var root = XDocument.Load(path).Root!;
        root.Descendants(Trx + "Counters").Single().Attribute("failed")!.Value.ShouldBe("3");
        root.Descendants(Trx + "UnitTestResult").Select(r => r.Attribute("outcome")!.Value).ShouldBe(["Passed", "Failed", "Failed", "Disconnected"]);
        root.Descendants(Trx + "UnitTestResult").Select(r => r.Attribute("testId")!.Value).ShouldBe(
            root.Descendants(Trx + "UnitTest").Select(t => t.Attribute("id")!.Value));
    }

    [Fact]
    public async Task Json_lines_hold_every_event_with_its_time_and_name()
    {
        var path = Path.Combine(_folder, "events.jsonl");
        await ReportAsync(new JsonLinesReport(path));

        var lines = (await File.ReadAllLinesAsync(path)).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        lines.Select(line => line.GetProperty("event").GetString()).ShouldBe(
            ["runStarted", "consolePrinted", "testEnded", "testEnded", "testEnded", "testEnded", "runEnded"]);
        lines[1].GetProperty("line").GetString().ShouldBe("\u001b[2J raw");
        lines[3].GetProperty("result").GetProperty("verdict").GetString().ShouldBe("failed");
        lines.ShouldAllBe(line => line.GetProperty("time").GetDateTimeOffset() > DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public async Task The_console_shows_a_table_and_what_failed_and_obeys_no_escape_sequence()
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 120;
        await ReportAsync(new ConsoleReport(console));

        var output = text.ToString();
        output.ShouldContain("SUBSCRIPTION of an unknown event: expected EINVAL");
        output.ShouldContain("osquery: complains");
        output.ShouldContain("events 200,000");
        output.ShouldContain("1 of 5 passed");
        output.ShouldContain("not run");
        output.ShouldContain("run folder: /runs/1");
        output.ShouldNotContain('\u001b');
    }

    private static async Task ReportAsync(IRunReport report)
    {
        await using var journal = new RunJournal(TimeProvider.System, report);
        TestResult[] results =
        [
            new("ring_stress", Verdict.Passed, TimeSpan.FromSeconds(3.25)) { Figures = [new Figure("events", 200_000)] },
            new("bad_requests", Verdict.Failed, TimeSpan.FromSeconds(0.5))
            {
                Failure = "SUBSCRIPTION of an unknown event: expected EINVAL, got 0 [not markup]",
                LastOutput = ["not ok 3 unknown event \u001b[2J"],
                KernelLog = ["[   12.0] osquery: complains"],
            },
            new("lifecycle", Verdict.Panicked, TimeSpan.FromSeconds(1)) { Failure = "BUG: unable to handle kernel NULL pointer dereference in osq_ring_commit" },
            new("file_events", Verdict.ConnectionLost, TimeSpan.FromSeconds(1)) { Failure = "the connection broke" },
        ];
        journal.Publish(new RunStarted("osquery", "quick", "embedded", [.. results.Select(r => r.Name), "not_root"], "/runs/1"));
        journal.Publish(new ConsolePrinted("\u001b[2J raw"));
        foreach (var result in results)
        {
            journal.Publish(new TestEnded(result));
        }

        journal.Publish(new RunEnded(new RunResult(Verdict.Panicked, results, TimeSpan.FromSeconds(10))));
    }
}
