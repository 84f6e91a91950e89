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

    public static async Task CompileAsync(string root, CancellationToken cancellationToken) =>
        await RunAsync(new HostCommand("dotnet", ["build", "KextDev.slnx", "-v", "quiet", "-nologo", .. NoServers]) { WorkingDirectory = root }, cancellationToken);

    /// <summary>The ring as a user program, beside memcpy and the plain queue that it replaces.</summary>
    public static async Task BenchRingAsync(string root, StateFolder state, CancellationToken cancellationToken) =>
        await RunAsync(Core(root, state, "bench"), cancellationToken);

    public async Task<Counts> RunAsync(CancellationToken cancellationToken)
    {
        var counts = new Counts(0, 0);
        foreach (var project in Projects)
        {
            counts += await RunProjectAsync(project, cancellationToken);
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
            return new Counts(0, 1);
        }

        var counters = XDocument.Load(results).Descendants().First(element => element.Name.LocalName == "Counters");
        int Count(string name) => (int)counters.Attribute(name)!;
        return new Counts(Count("passed"), Count("total") - Count("passed") + (Count("total") == 0 ? 1 : 0));
    }

    // The ring as a user program under the sanitizers; it reports in KTAP.
    private async Task<Counts> RunCoreAsync(CancellationToken cancellationToken)
    {
        var passed = 0;
        var failed = 0;
        var exitCode = await PrintAsync(
            Core(root, state, "check"),
            line =>
            {
                passed += line.StartsWith("ok ", StringComparison.Ordinal) ? 1 : 0;
                failed += line.StartsWith("not ok ", StringComparison.Ordinal) ? 1 : 0;
            },
            cancellationToken);
        return new Counts(passed, exitCode != 0 && failed == 0 ? 1 : failed);
    }

    internal sealed record Counts(int Passed, int Failed)
    {
        public static Counts operator +(Counts left, Counts right) => new(left.Passed + right.Passed, left.Failed + right.Failed);
    }
}
