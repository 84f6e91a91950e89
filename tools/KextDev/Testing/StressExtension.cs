using KextDev.Events;
using KextDev.Projects;

namespace KextDev.Testing;

/// <summary>Runs the tests that are still to do on one bench, until none is left or the guest is lost.</summary>
public sealed class StressExtension(RunJournal journal, TimeProvider clock)
{
    /// <param name="remaining">Each test is taken out as it begins.</param>
    /// <param name="results">Each result is added as it is known, so that a cancelled run keeps them.</param>
    /// <returns>False when the guest was lost.</returns>
    public async Task<bool> RunAsync(TestBench bench, Queue<PlannedTest> remaining, List<TestResult> results, CancellationToken cancellationToken)
    {
        while (remaining.TryDequeue(out var test))
        {
            var result = await new RunTest(bench, journal, clock).RunAsync(test, cancellationToken);
            results.Add(result);
            if (result.Verdict is Verdict.Panicked or Verdict.Hung or Verdict.ConnectionLost)
            {
                return false;
            }
        }

        return true;
    }
}
