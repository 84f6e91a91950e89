using System.Globalization;
using System.Xml.Linq;
using KextDev.Events;

namespace KextDev.Reports;

/// <summary>
/// junit.xml, in the form that CI systems read: one testsuite for each guest, one testcase for each test.
/// The extension's own fault is a failure element; trouble around it is an error element.
/// </summary>
public sealed class JUnitReport(string path) : IRunReport
{
    private RunStarted? _run;

    public void Receive(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case RunStarted run:
                _run = run;
                break;
            case RunEnded { Result: var result } when _run is not null:
                ReportDocument.WriteXml(Document(_run, result), path);
                break;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static XDocument Document(RunStarted run, RunResult result)
    {
        var suites = result.Suites.Select(suite => Suite(run, suite)).ToList();
        return new XDocument(new XElement("testsuites", Counts([.. suites.Elements("testcase")], result.Duration), suites));
    }

    private static XElement Suite(RunStarted run, SuiteResult suite)
    {
        var cases = suite.Tests.Select(test => Case(run, suite, test)).ToList();
        if (suite.Failure is not null)
        {
            cases.Add(new XElement("testcase",
                new XAttribute("classname", ClassName(run, suite)),
                new XAttribute("name", "(run)"),
                Problem("error", suite.Verdict, suite.Failure, [])));
        }

        return new XElement("testsuite",
            new XAttribute("name", $"{run.Project} on {suite.Guest}, plan {run.Plan}"),
            new XAttribute("timestamp", run.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)),
            Counts(cases, suite.Duration),
            suite.Log is { } log ? Log(log) : null,
            cases);
    }

    private static XElement Log(LogCounts log) => new("properties",
        Property("log.messages", log.Messages), Property("log.dropped", log.Dropped), Property("log.lost", log.Lost),
        Property("log.unwritten", log.Unwritten), Property("log.damaged", log.Damaged), Property("log.left", log.Left),
        Property("log.sent", log.Sent), Property("log.missing", log.Missing));

    private static XElement Property(string name, long value) => new("property", new XAttribute("name", name), new XAttribute("value", value));

    private static XAttribute[] Counts(List<XElement> cases, TimeSpan duration) =>
    [
        new("tests", cases.Count),
        new("failures", cases.Count(c => c.Element("failure") is not null)),
        new("errors", cases.Count(c => c.Element("error") is not null)),
        new("time", Seconds(duration)),
    ];

    // The same test runs on more than one guest, and readers tell cases apart by class and name.
    private static string ClassName(RunStarted run, SuiteResult suite) => $"{run.Project}.{suite.Guest}";

    private static XElement Case(RunStarted run, SuiteResult suite, TestResult test)
    {
        var element = new XElement("testcase",
            new XAttribute("classname", ClassName(run, suite)),
            new XAttribute("name", test.Name),
            new XAttribute("time", Seconds(test.Duration)));
        if (test.Figures.Count > 0)
        {
            element.Add(new XElement("properties", test.Figures.Select(figure => new XElement("property",
                new XAttribute("name", figure.Name),
                new XAttribute("value", figure.Value.ToString("R", CultureInfo.InvariantCulture))))));
        }

        if (test.Verdict is not (Verdict.Passed or Verdict.Flaky))
        {
            var kind = test.Verdict is Verdict.Infrastructure or Verdict.Refused or Verdict.ConnectionLost ? "error" : "failure";
            element.Add(Problem(kind, test.Verdict, test.Failure ?? "", test.KernelLog));
        }

        // As Surefire writes them: what failed before it passed, or failed again.
        var again = test.Verdict == Verdict.Flaky ? "flakyFailure" : "rerunFailure";
        element.Add(test.Attempts.Where(attempt => attempt.Failure is not null).Skip(test.Verdict == Verdict.Flaky ? 0 : 1)
            .Select(attempt => Problem(again, attempt.Verdict, attempt.Failure!, [])));
        if (test.LastOutput.Count > 0)
        {
            element.Add(new XElement("system-out", string.Join('\n', test.LastOutput)));
        }

        return element;
    }

    private static XElement Problem(string kind, Verdict verdict, string message, IReadOnlyList<string> kernelLog) => new(kind,
        new XAttribute("type", verdict),
        new XAttribute("message", message),
        string.Join('\n', kernelLog));

    private static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
}
