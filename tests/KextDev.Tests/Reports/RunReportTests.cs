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

        var root = XDocument.Load(path).Root!;
        root.Attribute("tests")!.Value.ShouldBe("6");
        root.Attribute("errors")!.Value.ShouldBe("2");
        var suite = root.Elements("testsuite").First();
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
    public async Task JUnit_has_a_suite_for_each_guest_with_what_failed_besides_its_tests()
    {
        var path = Path.Combine(_folder, "junit.xml");
        await ReportAsync(new JUnitReport(path));

        var suites = XDocument.Load(path).Root!.Elements("testsuite").ToList();
        suites.Select(suite => suite.Attribute("name")!.Value).ShouldBe(["osquery on embedded, plan quick", "osquery on embedded-darwin, plan quick"]);
        var cases = suites[1].Elements("testcase").ToList();
        cases.Select(one => one.Attribute("name")!.Value).ShouldBe(["ring_stress", "(run)"]);
        cases[0].Attribute("classname")!.Value.ShouldBe("osquery.embedded-darwin");
        suites[1].Element("properties").ShouldBeNull();
        suites[0].Elements().First().Elements().Select(property => $"{property.Attribute("name")!.Value} {property.Attribute("value")!.Value}")
            .ShouldBe(["log.messages 1234", "log.dropped 17", "log.lost 0", "log.unwritten 0", "log.damaged 0", "log.left 3", "log.sent 0", "log.missing 0"]);
        cases[1].Element("error")!.Attribute("message")!.Value.ShouldContain("left behind: 64 bytes");
    }

    [Fact]
    public async Task Trx_counts_and_names_the_outcomes()
    {
        var path = Path.Combine(_folder, "results.trx");
        await ReportAsync(new TrxReport(path));

        var root = XDocument.Load(path).Root!;
        root.Descendants(Trx + "Counters").Single().Attribute("failed")!.Value.ShouldBe("3");
        root.Descendants(Trx + "UnitTestResult").Select(r => r.Attribute("outcome")!.Value).ShouldBe(["Passed", "Failed", "Failed", "Disconnected", "Passed"]);
        root.Descendants(Trx + "UnitTestResult").Select(r => r.Attribute("testId")!.Value).ShouldBe(
            root.Descendants(Trx + "UnitTest").Select(t => t.Attribute("id")!.Value));
        root.Descendants(Trx + "UnitTest").Select(t => t.Attribute("id")!.Value).ShouldBeUnique();
        root.Element(Trx + "ResultSummary")!.Element(Trx + "Output")!.Value.ShouldBe("embedded: log: 1,234 messages, 17 dropped, 3 not kept in the run's folder");
        root.Descendants(Trx + "RunInfo").Single().Attribute("computerName")!.Value.ShouldBe("embedded-darwin");
    }

    [Fact]
    public async Task Json_lines_hold_every_event_with_its_time_and_name()
    {
        var path = Path.Combine(_folder, "events.jsonl");
        await ReportAsync(new JsonLinesReport(path));

        var lines = (await File.ReadAllLinesAsync(path)).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        lines.Select(line => line.GetProperty("event").GetString()).ShouldBe(
            ["runStarted", "suiteStarted", "consolePrinted", "messageLogged", "messagesOmitted", "testEnded", "testEnded", "testEnded", "testEnded", "suiteEnded", "runEnded"]);
        lines[2].GetProperty("line").GetString().ShouldBe("\u001b[2J raw");
        lines[3].GetProperty("level").GetString().ShouldBe("warning");
        lines[6].GetProperty("result").GetProperty("verdict").GetString().ShouldBe("failed");
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
        output.ShouldContain("2 of 6 passed");
        output.ShouldContain("embedded-darwin: org.example.kext left behind: 64 bytes");
        output.ShouldContain("    warning ring_stress: no \\x1b[2J room [not markup]");
        output.ShouldContain("1200 more warnings and errors");
        output.ShouldContain("embedded: log: 1,234 messages, 17 dropped, 3 not kept in the run's folder");
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
        TestResult[] others = [new("ring_stress", Verdict.Passed, TimeSpan.FromSeconds(2))];
        journal.Publish(new RunStarted(
            "osquery", "quick", [new("embedded", [.. results.Select(r => r.Name), "not_root"]), new("embedded-darwin", ["ring_stress"])], "/runs/1"));
        journal.Publish(new SuiteStarted("embedded"));
        journal.Publish(new ConsolePrinted("\u001b[2J raw"));
        journal.Publish(new MessageLogged("ring_stress", MessageLevel.Warning, "no \u001b[2J room [not markup]"));
        journal.Publish(new MessagesOmitted(Test: null, 1200));
        foreach (var result in results)
        {
            journal.Publish(new TestEnded(result));
        }

        var first = new SuiteResult("embedded", Verdict.Panicked, results, TimeSpan.FromSeconds(10)) { Log = LogCounts.None with { Messages = 1234, Dropped = 17, Left = 3 } };
        var second = new SuiteResult("embedded-darwin", Verdict.Failed, others, TimeSpan.FromSeconds(5)) { Failure = "org.example.kext left behind: 64 bytes" };
        journal.Publish(new SuiteEnded(first));
        journal.Publish(new RunEnded(new RunResult(Verdict.Panicked, [first, second], TimeSpan.FromSeconds(15))));
    }
}
