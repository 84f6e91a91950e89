using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using KextDev.Events;

namespace KextDev.Reports;

/// <summary>results.trx: the Visual Studio test results format (namespace TeamTest/2010), one UnitTestResult for each test of each guest.</summary>
public sealed class TrxReport(string path) : IRunReport
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    // The format's own constants: the type of a unit test, and the list "Results Not in a List".
    private const string UnitTestType = "13cdc9d9-ddb5-4fa4-a97d-d965ccfc6d4b";
    private const string NotInAList = "8c84fa94-04c1-424b-9868-57a2d4851a1d";

    private RunStarted? _run;

    public void Receive(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case RunStarted run:
                _run = run;
                break;
            case RunEnded { Result: var result } ended when _run is not null:
                ReportDocument.WriteXml(Document(_run, result, ended.Time), path);
                break;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static XDocument Document(RunStarted run, RunResult result, DateTimeOffset end)
    {
        IReadOnlyList<(SuiteResult Suite, TestResult Test)> tests = [.. result.Suites.SelectMany(suite => suite.Tests.Select(test => (suite, test)))];
        var passed = tests.Count(one => IsPassed(one.Test));
        var failures = result.Suites.Where(suite => suite.Failure is not null).ToList();
        return new XDocument(new XElement(Trx + "TestRun",
            new XAttribute("id", Id($"{run.Folder} {run.Time:O}")),
            new XAttribute("name", Wording.Of(run)),
            new XElement(Trx + "Times",
                new XAttribute("creation", run.Time.ToString("O")),
                new XAttribute("queuing", run.Time.ToString("O")),
                new XAttribute("start", run.Time.ToString("O")),
                new XAttribute("finish", end.ToString("O"))),
            new XElement(Trx + "Results", tests.Select(one => Result(run, one.Suite, one.Test))),
            new XElement(Trx + "TestDefinitions", tests.Select(one => Definition(run, one.Suite, one.Test))),
            new XElement(Trx + "TestEntries", tests.Select(one => new XElement(Trx + "TestEntry",
                new XAttribute("testId", TestId(run, one.Suite, one.Test)),
                new XAttribute("executionId", ExecutionId(run, one.Suite, one.Test)),
                new XAttribute("testListId", NotInAList)))),
            new XElement(Trx + "TestLists", new XElement(Trx + "TestList",
                new XAttribute("name", "Results Not in a List"),
                new XAttribute("id", NotInAList))),
            new XElement(Trx + "ResultSummary",
                new XAttribute("outcome", result.Verdict is Verdict.Passed or Verdict.Flaky ? "Completed" : "Failed"),
                new XElement(Trx + "Counters",
                    new XAttribute("total", tests.Count),
                    new XAttribute("executed", tests.Count),
                    new XAttribute("passed", passed),
                    new XAttribute("failed", tests.Count - passed)),
                Logs(result) is { Length: > 0 } logs ? new XElement(Trx + "Output", new XElement(Trx + "StdOut", logs)) : null,
                failures.Count == 0 ? null : new XElement(Trx + "RunInfos", failures.Select(suite => new XElement(Trx + "RunInfo",
                    new XAttribute("computerName", suite.Guest),
                    new XAttribute("outcome", "Error"),
                    new XAttribute("timestamp", end.ToString("O")),
                    new XElement(Trx + "Text", suite.Failure)))))));
    }

    private static string Logs(RunResult result) =>
        string.Join('\n', result.Suites.Where(suite => suite.Log is not null).Select(suite => $"{suite.Guest}: {Wording.Of(suite.Log!)}"));

    private static XElement Result(RunStarted run, SuiteResult suite, TestResult test) => new(Trx + "UnitTestResult",
        new XAttribute("executionId", ExecutionId(run, suite, test)),
        new XAttribute("testId", TestId(run, suite, test)),
        new XAttribute("testName", test.Name),
        new XAttribute("computerName", suite.Guest),
        new XAttribute("duration", test.Duration.ToString("c", CultureInfo.InvariantCulture)),
        new XAttribute("testType", UnitTestType),
        new XAttribute("testListId", NotInAList),
        new XAttribute("outcome", Outcome(test)),
        new XElement(Trx + "Output",
            new XElement(Trx + "StdOut", string.Join('\n', test.LastOutput.Concat(test.Figures.Select(f => $"{f.Name} {f.Value:R}")))),
            test.Failure is null ? null : new XElement(Trx + "ErrorInfo",
                new XElement(Trx + "Message", $"{test.Verdict}: {test.Failure}"),
                new XElement(Trx + "StackTrace", string.Join('\n', test.KernelLog)))));

    private static XElement Definition(RunStarted run, SuiteResult suite, TestResult test) => new(Trx + "UnitTest",
        new XAttribute("id", TestId(run, suite, test)),
        new XAttribute("name", test.Name),
        new XElement(Trx + "Execution", new XAttribute("id", ExecutionId(run, suite, test))),
        new XElement(Trx + "TestMethod",
            new XAttribute("codeBase", run.Project),
            new XAttribute("className", $"{run.Project}.{suite.Guest}"),
            new XAttribute("name", test.Name)));

    private static string Outcome(TestResult test) => test.Verdict switch
    {
        Verdict.Passed or Verdict.Flaky => "Passed",
        Verdict.TimedOut or Verdict.Hung => "Timeout",
        Verdict.ConnectionLost => "Disconnected",
        Verdict.Infrastructure or Verdict.Refused => "Error",
        _ => "Failed",
    };

    private static bool IsPassed(TestResult test) => test.Verdict is Verdict.Passed or Verdict.Flaky;

    // Stable from run to run, so that a tool that keeps a history recognises the test.
    private static string TestId(RunStarted run, SuiteResult suite, TestResult test) => Id($"{run.Project} {suite.Guest} {test.Name}");

    private static string ExecutionId(RunStarted run, SuiteResult suite, TestResult test) => Id($"{run.Folder} {run.Time:O} {suite.Guest} {test.Name}");

    private static string Id(string text) => new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16)).ToString();
}
