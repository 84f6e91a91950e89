using System.Xml.Linq;
using KextDev;
using KextDev.Processes;

/// <summary>Runs this repository's own tests and counts them.</summary>
internal sealed class OwnTests(string root, StateFolder state)
{
    // The fast ones first: a mistake shows early.
    private static readonly string[] Projects = ["KextDev.Tests", "Build.Tests", "Packages.Tests", "KextDev.GuestTests"];

    // No compiler server and no idle node stays behind.
    private static readonly string[] NoServers = ["-nodeReuse:false", "-p:UseSharedCompilation=false"];

    /// <summary>Written by KextDev.GuestTests.</summary>
    private string FaultTable => Path.Combine(Directory.CreateDirectory(Path.Combine(state.Build, "tests")).FullName, "faults.md");

    public static async Task CompileAsync(string root, CancellationToken cancellationToken) =>
        await RunAsync(new HostCommand("dotnet", ["build", "KextDev.slnx", "-v", "quiet", "-nologo", .. NoServers]) { WorkingDirectory = root }, cancellationToken);

    /// <summary>The ring as a user program, beside memcpy and the plain queue that it replaces.</summary>
    public static async Task BenchRingAsync(string root, StateFolder state, CancellationToken cancellationToken) =>
        await RunAsync(Core(root, state, "bench"), cancellationToken);

    public async Task<Counts> RunAsync(CancellationToken cancellationToken)
    {
        var counts = new Counts(0, []);
        File.Delete(FaultTable);
        foreach (var project in Projects)
        {
            counts += await RunProjectAsync(project, cancellationToken);
        }

        // What became of each fault, which tests that pass do not tell by themselves.
        if (File.Exists(FaultTable))
        {
            Console.WriteLine(await File.ReadAllTextAsync(FaultTable, cancellationToken));
        }

        return counts + await RunCoreAsync(cancellationToken);
    }

    private static async Task<int> PrintAsync(HostCommand command, Action<string>? also, CancellationToken cancellationToken)
    {
        var exitCode = -1;
        await foreach (var told in command.StreamAsync(cancellationToken))
        {
            switch (told)
            {
                case OutputLine line:
                    Console.WriteLine(line.Text);
                    also?.Invoke(line.Text);
                    break;
                case ErrorLine line:
                    Console.WriteLine(line.Text);
                    break;
                case Exited exited:
                    exitCode = exited.ExitCode;
                    break;
            }
        }

        return exitCode;
    }

    private static HostCommand Core(string root, StateFolder state, string target) =>
        new("make", "--no-print-directory", "-C", Path.Combine(root, "tests", "core"), $"OUT={Path.Combine(state.Build, "core")}", target);

    private static async Task RunAsync(HostCommand command, CancellationToken cancellationToken)
    {
        if (await PrintAsync(command, also: null, cancellationToken) is not 0 and var exitCode)
        {
            throw new InfrastructureException($"{command} ended with exit code {exitCode}; what is wrong is printed above.");
        }
    }

    private async Task<Counts> RunProjectAsync(string project, CancellationToken cancellationToken)
    {
        var results = Path.Combine(Directory.CreateDirectory(Path.Combine(state.Build, "tests")).FullName, $"{project}.trx");
        File.Delete(results);
        await PrintAsync(
            new HostCommand("dotnet",
            [
                "test", $"tests/{project}", "--no-build", "-nologo",
                "--logger", $"trx;LogFileName={results}", "--logger", "console;verbosity=minimal",
            ])
            { WorkingDirectory = root },
            also: null,
            cancellationToken);

        // A run that died before it wrote its results counts as one failure: silence never passes.
        if (!File.Exists(results))
        {
            return new Counts(0, [$"{project}: it ended before it wrote its results"]);
        }

        var outcomes = Elements(XDocument.Load(results), "UnitTestResult").ToList();
        var failures = outcomes.Where(outcome => outcome.Attribute("outcome")?.Value != "Passed").Select(Failure).ToList();
        return outcomes.Count == 0
            ? new Counts(0, [$"{project}: it has no test"])
            : new Counts(outcomes.Count - failures.Count, failures);
    }

    private static IEnumerable<XElement> Elements(XContainer container, string name) =>
        container.Descendants().Where(element => element.Name.LocalName == name);

    private static string Failure(XElement outcome) => string.Join(
        '\n',
        [
            $"{outcome.Attribute("outcome")?.Value}: {outcome.Attribute("testName")?.Value}",
            .. Elements(outcome, "Message").Concat(Elements(outcome, "StackTrace")).SelectMany(told => told.Value.Split('\n')).Select(line => $"  {line.TrimEnd()}"),
        ]);

    // The ring as a user program under the sanitizers; it reports in KTAP.
    private async Task<Counts> RunCoreAsync(CancellationToken cancellationToken)
    {
        var passed = 0;
        var failures = new List<string>();
        var exitCode = await PrintAsync(
            Core(root, state, "check"),
            line =>
            {
                passed += line.StartsWith("ok ", StringComparison.Ordinal) ? 1 : 0;
                if (line.StartsWith("not ok ", StringComparison.Ordinal))
                {
                    failures.Add(line);
                }
            },
            cancellationToken);
        if (exitCode != 0 && failures.Count == 0)
        {
            failures.Add($"make check in tests/core ended with exit code {exitCode}");
        }

        return new Counts(passed, failures);
    }

    /// <param name="Failures">One for each test that did not pass: its name, and what it said.</param>
    internal sealed record Counts(int Passed, IReadOnlyList<string> Failures)
    {
        public static Counts operator +(Counts left, Counts right) => new(left.Passed + right.Passed, [.. left.Failures, .. right.Failures]);
    }
}
