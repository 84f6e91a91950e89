using System.Globalization;
using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;

namespace KextDev.GuestTests.Faults;

/// <summary>
/// Has all faults happen, in lanes side by side: they mostly wait. A lane is one checkout, where each run is the next one after a fault,
/// and the last run is without any. What was shown becomes a table.
/// </summary>
public sealed class FaultLab : IAsyncLifetime
{
    /// <summary>By hand: the part of a fault's name that the runs must have which are made.</summary>
    private const string OnlyVariable = "KEXTDEV_FAULTS";

    private static readonly IReadOnlyList<IReadOnlyList<Scenario>> Lanes = [KernelFaults.All, ProgramFaults.All, MachineFaults.All, HostFaults.All];

    private readonly Dictionary<string, TaskCompletionSource<string>> _shown = Lanes.SelectMany(lane => lane).SelectMany(scenario => scenario.Faults)
        .ToDictionary(fault => fault.Name, _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously), StringComparer.Ordinal);

    private Task _lanes = Task.CompletedTask;

    /// <summary>Where the table lies: in the folder of the tests' results.</summary>
    public static string TableFile => Path.Combine(GuestPlace.Root, ".kextdev", "build", "tests", "faults.md");

    /// <summary>The faults' names, in the order of the table.</summary>
    public static IReadOnlyList<string> Names => [.. Lanes.SelectMany(lane => lane).Where(IsMeant).SelectMany(scenario => scenario.Faults).Select(fault => fault.Name)];

    public async Task InitializeAsync()
    {
        await FaultCheckout.BuildAsync();
        await StartOnceAsync();
        _lanes = Task.WhenAll(Lanes.Select(lane => lane.Where(IsMeant).ToList()).Where(lane => lane.Count > 0).Select(lane => Task.Run(() => RunLaneAsync(lane))));
    }

    /// <summary>What the run with this fault showed.</summary>
    /// <exception cref="Exception">It did not show what it must.</exception>
    internal Task<string> ShownAsync(string fault) => _shown[fault].Task;

    public async Task DisposeAsync()
    {
        await _lanes;
        Directory.CreateDirectory(Path.GetDirectoryName(TableFile)!);
        await File.WriteAllLinesAsync(TableFile, await TableAsync());
    }

    // A QEMU that is killed while KVM is yet to be tried would be taken for KVM's failure, after which the run goes on without.
    private static async Task StartOnceAsync()
    {
        using var place = new GuestPlace();
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, place.Site);
        await guest.StartAsync(CancellationToken.None);
    }

    private static bool IsMeant(Scenario scenario) =>
        Environment.GetEnvironmentVariable(OnlyVariable) is not { Length: > 0 } part || scenario.Faults.Any(fault => fault.Name.Contains(part, StringComparison.Ordinal));

    private async Task RunLaneAsync(IReadOnlyList<Scenario> lane)
    {
        using var checkout = new FaultCheckout();
        foreach (var scenario in lane)
        {
            await RunAsync(checkout, scenario);
        }
    }

    private async Task RunAsync(FaultCheckout checkout, Scenario scenario)
    {
        try
        {
            if (scenario.Needs is { } needs && await needs.TryRunAsync(CancellationToken.None) is { ExitCode: not 0 } refused)
            {
                scenario.Faults.ToList().ForEach(fault => _shown[fault.Name].SetResult($"not made on this host: {refused.Error.Trim()}"));
                return;
            }

            var run = checkout.Start(scenario.Under(checkout), scenario.Project, ["--tests", .. scenario.Tests, .. scenario.Arguments(checkout)]);
            var struck = scenario.StrikeAsync(checkout, run);
            var finished = await run.EndAsync();
            await struck;
            Settle(scenario, finished, await checkout.LeftoversAsync());
        }
        catch (Exception exception)
        {
            foreach (var fault in scenario.Faults)
            {
                _shown[fault.Name].TrySetException(exception);
            }
        }
    }

    private void Settle(Scenario scenario, FinishedRun run, IReadOnlyList<string> leftovers)
    {
        foreach (var fault in scenario.Faults)
        {
            try
            {
                var shown = fault.Show(run);
                leftovers.ShouldBeEmpty();
                (scenario.ExitCodes ?? [VerdictExitCode.Of(Enum.Parse<Verdict>(run.Verdict, ignoreCase: true))]).ShouldContain(run.ExitCode, run.Output);
                if (scenario.Reports)
                {
                    run.ShouldHaveReports();
                }

                _shown[fault.Name].SetResult(shown);
            }
            catch (Exception exception)
            {
                _shown[fault.Name].SetException(exception);
            }
        }
    }

    private async Task<IReadOnlyList<string>> TableAsync()
    {
        var rows = new List<(string Fault, string Shown)>();
        foreach (var name in Names)
        {
            rows.Add((name, await DescribeAsync(name)));
        }

        var width = rows.Max(row => row.Fault.Length);
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"{rows.Count} faults. After each the run's files were there, and no process, lock, key or temporary file; the next run was made in the same checkout."),
            "",
            $"| {"Fault".PadRight(width)} | Shown |",
            $"|{new string('-', width + 2)}|-------|",
            .. rows.Select(row => $"| {row.Fault.PadRight(width)} | {row.Shown} |"),
        ];
    }

    private async Task<string> DescribeAsync(string fault)
    {
        try
        {
            return (await _shown[fault].Task).Replace('|', '/');
        }
        catch (Exception exception)
        {
            return $"NOT SHOWN: {exception.Message.Split('\n')[0].Replace('|', '/')}";
        }
    }
}
