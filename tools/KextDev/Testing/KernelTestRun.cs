using KextDev.Events;

namespace KextDev.Testing;

/// <summary>A whole run: the pipeline on each guest in turn. What goes wrong with one guest does not keep the others from their tests.</summary>
public sealed class KernelTestRun(KernelTestOptions options, RunJournal journal, TimeProvider clock)
{
    public async Task<RunResult> RunAsync(CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        journal.Publish(new RunStarted(
            options.Project.Name,
            options.Plan,
            [.. options.Suites.Select(suite => new PlannedSuite(suite.Guest.Name, options.Repetition.PlannedNames(suite.Tests)) { Command = options.Command?.Of(suite.Guest.Platform) })],
            options.RunFolder)
        {
            Command = options.Command?.Whole,
        });
        var results = new List<SuiteResult>();
        // Also a run that is cancelled at once names its first guest: reports without any are malformed to some readers.
        foreach (var suite in options.Suites.TakeWhile((_, index) => index == 0 || !cancellationToken.IsCancellationRequested))
        {
            journal.Publish(new SuiteStarted(suite.Guest.Name));
            results.Add(await new SuiteRun(options, suite, journal, clock).RunAsync(cancellationToken));
            journal.Publish(new SuiteEnded(results[^1]));
        }

        var result = new RunResult(RunResult.Gravest(results.Select(suite => suite.Verdict)), results, clock.GetElapsedTime(start))
        {
            Cancelled = cancellationToken.IsCancellationRequested,
        };
        journal.Publish(new RunEnded(result));
        return result;
    }
}
