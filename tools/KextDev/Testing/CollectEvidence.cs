using KextDev.Events;

namespace KextDev.Testing;

/// <summary>Fetches what the guest alone knows into a logs/ folder. The console is there already: it was kept as it came.</summary>
public sealed class CollectEvidence(RunJournal journal)
{
    /// <summary>A kernel that hangs in one place still tells what it can of the others.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(30);

    /// <param name="folder">Of the guest within the run's.</param>
    /// <returns>The kernel's log, which is among it; null where the guest did not tell.</returns>
    public async Task<string?> RunAsync(TestBench bench, string folder, CancellationToken cancellationToken)
    {
        string? kernelLog = null;
        var logs = Directory.CreateDirectory(Path.Combine(folder, "logs")).FullName;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            journal.Publish(new GuestDescribed((await bench.Shell.RunAsync("uname -srm", limit.Token)).Output.Trim()));
            await foreach (var evidence in bench.Platform.CollectAsync(limit.Token))
            {
                kernelLog = evidence.IsKernelLog ? evidence.Text : kernelLog;
                await File.WriteAllTextAsync(Path.Combine(logs, evidence.File), evidence.Text, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            journal.Publish(new NoteGiven($"{logs} does not hold all that there is: the guest took longer than {Limit.TotalSeconds:0} s to tell it."));
        }

        return kernelLog;
    }
}
