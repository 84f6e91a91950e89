using KextDev.Events;

namespace KextDev.Testing;

/// <summary>Runs the tests that are still to do on one bench, until none is left or the guest is lost.</summary>
public sealed class StressExtension(RunJournal journal, TimeProvider clock)
{
    /// <returns>The verdict of the test under which the guest or the connection to it was lost; null when neither was.</returns>
    public async Task<Verdict?> RunAsync(TestBench bench, TestSchedule schedule, CancellationToken cancellationToken)
    {
        while (schedule.Take() is { } test)
        {
            await (bench.Log?.BeginAsync(test.Name, cancellationToken) ?? Task.CompletedTask);
            var result = await new RunTest(bench, journal, clock).RunAsync(test, cancellationToken);
            if (schedule.Record(test, result))
            {
                journal.Publish(new NoteGiven($"{test.Name} did not pass, and is tried again."));
            }

            // Over a broken connection nothing more is learnt, whether the kernel lives or not.
            if (result.Verdict is Verdict.Panicked or Verdict.Hung or Verdict.ConnectionLost || !bench.Shell.IsConnected)
            {
                return result.Verdict;
            }
        }

        await (bench.Log?.BeginAsync(test: null, cancellationToken) ?? Task.CompletedTask);
        return null;
    }
}
