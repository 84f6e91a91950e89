using KextDev;
using KextDev.Processes;

/// <summary>Runs this repository's own tests and counts them.</summary>
internal sealed class OwnTests(string root, StateFolder state)
{
    // The fast ones first: a mistake shows early.
    private static readonly string[] Projects = ["KextDev.Tests", "Build.Tests", "Packages.Tests", "KextDev.GuestTests"];

    // No test takes so long: one that ends no more is named, instead of holding up all that comes after it.
    private const string SilenceLimit = "10m";

    // C under the sanitizers, by folders of tests: kext/core with kext/user and kext/darwin, and the daemon.
    private static readonly string[] Suites = ["core", "kextlogd"];

    // No compiler server and no idle node stays behind.
    private static readonly string[] NoServers = ["-nodeReuse:false", "-p:UseSharedCompilation=false"];

    /// <summary>Written by KextDev.GuestTests.</summary>
    private string FaultTable => Path.Combine(Directory.CreateDirectory(Path.Combine(state.Build, "tests")).FullName, "faults.md");

    public static async Task CompileAsync(string root, CancellationToken cancellationToken) =>
        await RunAsync(new HostCommand("dotnet", ["build", "KextDev.slnx", "-v", "quiet", "-nologo", .. NoServers]) { WorkingDirectory = root }, cancellationToken);

    /// <summary>The ring as a user program, beside memcpy and the plain queue that it replaces.</summary>
    public static async Task BenchRingAsync(string root, StateFolder state, CancellationToken cancellationToken) =>
        await RunAsync(Make(root, state, "core", "bench"), cancellationToken);

    public async Task<TestCounts> RunAsync(CancellationToken cancellationToken)
    {
        var counts = new TestCounts(0, []);
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

        foreach (var suite in Suites)
        {
            counts += await RunSuiteAsync(suite, cancellationToken);
        }

        return counts;
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

    private static HostCommand Make(string root, StateFolder state, string suite, string target) =>
        new("make", "--no-print-directory", "-C", Path.Combine(root, "tests", suite), $"OUT={Path.Combine(state.Build, suite)}", target);

    private static async Task RunAsync(HostCommand command, CancellationToken cancellationToken)
    {
        if (await PrintAsync(command, also: null, cancellationToken) is not 0 and var exitCode)
        {
            throw new InfrastructureException($"{command} ended with exit code {exitCode}; what is wrong is printed above.");
        }
    }

    private async Task<TestCounts> RunProjectAsync(string project, CancellationToken cancellationToken)
    {
        var results = new TestResults(project, Path.Combine(state.Build, "tests", project));
        results.Clear();
        var exitCode = await PrintAsync(
            new HostCommand("dotnet",
            [
                "test", $"tests/{project}", "--no-build", "-nologo", "--results-directory", results.Folder,
                "--logger", $"trx;LogFileName={results.File}", "--logger", "console;verbosity=minimal",
                "--blame-hang-timeout", SilenceLimit, "--blame-hang-dump-type", "none",
            ])
            { WorkingDirectory = root },
            also: null,
            cancellationToken);
        return results.Read(exitCode);
    }

    // They report in KTAP.
    private async Task<TestCounts> RunSuiteAsync(string suite, CancellationToken cancellationToken)
    {
        var passed = 0;
        var failures = new List<string>();
        var exitCode = await PrintAsync(
            Make(root, state, suite, "check"),
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
            failures.Add($"make check in tests/{suite} ended with exit code {exitCode}");
        }

        return new TestCounts(passed, failures);
    }
}
