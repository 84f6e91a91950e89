using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Toolchains;

namespace KextDev.Testing;

/// <summary>
/// The pipeline: build, acquire guest, connect, deploy, load, stress, unload, collect, report.
/// A guest that dies under a test ends with that test; the tests that remain go on in a fresh one.
/// </summary>
public sealed class KernelTestRun(KernelTestOptions options, RunJournal journal, TimeProvider clock)
{
    private readonly List<TestResult> _results = [];
    private readonly List<(Verdict Verdict, string Message)> _failures = [];

    public async Task<RunResult> RunAsync(CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        journal.Publish(new RunStarted(
            options.Project.Name, options.Plan, options.Guest.Name, [.. options.Tests.Select(test => test.Name)], options.RunFolder));
        var cancelled = false;
        try
        {
            await RunStepsAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            cancelled = true;
        }
        catch (BuildFailedException exception)
        {
            _failures.Add((Verdict.Failed, exception.Message));
        }
        catch (Exception exception) when (exception is InfrastructureException or IOException or UnauthorizedAccessException)
        {
            _failures.Add((Verdict.Infrastructure, exception.Message));
        }

        var verdict = RunResult.Gravest(_results.Select(test => test.Verdict).Concat(_failures.Select(failure => failure.Verdict)));
        var result = new RunResult(verdict, [.. _results], clock.GetElapsedTime(start))
        {
            Failure = _failures.Count == 0 ? null : string.Join('\n', _failures.Select(failure => failure.Message)),
            Cancelled = cancelled,
        };
        journal.Publish(new RunEnded(result));
        return result;
    }

    private async Task RunStepsAsync(CancellationToken cancellationToken)
    {
        var site = new GuestSite(options.State, sentence => journal.Publish(new NoteGiven(sentence)));
        BuiltExtension? built = null;
        var remaining = new Queue<PlannedTest>(options.Tests);
        while (remaining.Count > 0)
        {
            var guest = GuestFactory.Create(options.Guest, site);
            built ??= await journal.StageAsync(
                Stage.Build, () => new BuildExtension(options.State, journal).RunAsync(options.Project, options.Tests.Select(test => test.Variant), guest, cancellationToken));
            if (!await RunOnGuestAsync(guest, built, remaining, cancellationToken))
            {
                break;
            }
        }
    }

    /// <returns>False when a further guest would be of no use.</returns>
    private async Task<bool> RunOnGuestAsync(IGuest guest, BuiltExtension built, Queue<PlannedTest> remaining, CancellationToken cancellationToken)
    {
        var platform = KernelPlatforms.Of(options.Guest.Platform);
        var consoleLog = Path.Combine(options.RunFolder, "console.log");
        await using var bench = await TestBench.OpenAsync(guest, platform, built, consoleLog, journal, cancellationToken);
        var before = _failures.Count;
        if (!await LoadAsync(bench, remaining.Peek(), cancellationToken))
        {
            KeepIfAsked(bench);
            return false;
        }

        var survived = await journal.StageAsync(
            Stage.Stress, () => new StressExtension(journal, clock).RunAsync(bench, remaining, _results, cancellationToken));
        if (survived)
        {
            await UnloadAsync(bench, cancellationToken);
            await journal.StageAsync(Stage.Collect, () => CollectEvidence.RunAsync(bench, options.RunFolder, cancellationToken));
        }

        if (!survived || _failures.Count > before || _results.Any(test => test.Verdict != Verdict.Passed))
        {
            KeepIfAsked(bench);
        }

        var fresh = bench.Guest is not IKeepable { Joined: true };
        if (!survived && !fresh && remaining.Count > 0)
        {
            _failures.Add((Verdict.Infrastructure,
                $"{remaining.Count} tests were not run: guest {bench.Guest.Name} died and was not this run's to restart. ./build.sh VmDown VmUp starts it afresh."));
            return false;
        }

        return !options.KeepGuest || survived;
    }

    // The first test's variant is loaded as a step of its own, so that a refusal is told as what it is.
    private async Task<bool> LoadAsync(TestBench bench, PlannedTest first, CancellationToken cancellationToken)
    {
        var answer = await journal.StageAsync(Stage.Load, () => bench.Slot.LoadAsync(first.Variant, cancellationToken), loaded => loaded.Refusal);
        if (!answer.Accepted)
        {
            _failures.Add((Verdict.Failed, answer.Message));
        }

        return answer.Accepted;
    }

    private async Task UnloadAsync(TestBench bench, CancellationToken cancellationToken)
    {
        bench.Slot.Forget();
        var answer = await journal.StageAsync(Stage.Unload, () => new UnloadExtension(clock).RunAsync(bench.Slot, cancellationToken), unloaded => unloaded.Refusal);
        if (!answer.Accepted)
        {
            _failures.Add((Verdict.Failed, answer.Message));
        }
    }

    private void KeepIfAsked(TestBench bench)
    {
        if (options.KeepGuest && bench.Guest is IKeepable { Joined: false } keepable)
        {
            keepable.Keep();
            journal.Publish(new NoteGiven($"Guest {bench.Guest.Name} is left up: ./build.sh VmShell gets in, ./build.sh VmDown ends it."));
        }
    }
}
