using System.Xml.Linq;

/// <summary>What "dotnet test" leaves of one project's tests.</summary>
/// <param name="folder">The project's own; nothing else is in it.</param>
internal sealed class TestResults(string project, string folder)
{
    public string Folder => folder;

    public string File => Path.Combine(folder, "results.trx");

    /// <summary>Removes those of the run before.</summary>
    public void Clear()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
    }

    /// <summary>Silence never passes: a run that died, before it wrote its results or in the middle, has a failure that says so.</summary>
    /// <param name="exitCode">Of the program.</param>
    public TestCounts Read(int exitCode)
    {
        if (!System.IO.File.Exists(File))
        {
            return new TestCounts(0, [$"{project}: it ended before it wrote its results"]);
        }

        var results = XDocument.Load(File);
        var outcomes = Elements(results, "UnitTestResult").ToList();
        List<string> failures = [.. outcomes.Where(outcome => outcome.Attribute("outcome")?.Value != "Passed").Select(Failure)];
        var passed = outcomes.Count - failures.Count;
        failures.AddRange(
            Elements(results, "RunInfo").Where(told => told.Attribute("outcome")?.Value == "Error" && told.Value.Contains("aborted", StringComparison.Ordinal))
                .Select(told => $"{project}: {told.Value.Trim()}. What ran: {string.Join(", ", FindUnfinished())}"));
        if (outcomes.Count == 0)
        {
            failures.Add($"{project}: it has no test");
        }
        else if (exitCode != 0 && failures.Count == 0)
        {
            failures.Add($"{project}: it ended with exit code {exitCode}, and tells no test that failed");
        }

        return new TestCounts(passed, failures);
    }

    // The sequence in which tests began, which is kept where the run was aborted.
    private IEnumerable<string> FindUnfinished() =>
        Directory.EnumerateFiles(folder, "Sequence_*.xml", SearchOption.AllDirectories)
            .SelectMany(file => Elements(XDocument.Load(file), "Test"))
            .Where(test => test.Attribute("Completed")?.Value == "False")
            .Select(test => test.Attribute("Name")?.Value ?? "")
            .Distinct();

    private static IEnumerable<XElement> Elements(XContainer container, string name) =>
        container.Descendants().Where(element => element.Name.LocalName == name);

    private static string Failure(XElement outcome) => string.Join(
        '\n',
        [
            $"{outcome.Attribute("outcome")?.Value}: {outcome.Attribute("testName")?.Value}",
            .. Elements(outcome, "Message").Concat(Elements(outcome, "StackTrace")).SelectMany(told => told.Value.Split('\n')).Where(IsTelling).Select(line => $"  {line.TrimEnd()}"),
        ]);

    // How .NET resumes what awaits takes three lines to each one that says where.
    private static bool IsTelling(string line) =>
        !line.TrimStart().StartsWith("at System.Runtime.", StringComparison.Ordinal) && !line.StartsWith("--- End of stack trace from previous location", StringComparison.Ordinal);
}

/// <param name="Failures">One for each test that did not pass: its name, and what it said.</param>
internal sealed record TestCounts(int Passed, IReadOnlyList<string> Failures)
{
    public static TestCounts operator +(TestCounts left, TestCounts right) => new(left.Passed + right.Passed, [.. left.Failures, .. right.Failures]);
}
