namespace KextDev.Events;

/// <summary>Receives the events of a run, one at a time, in order.</summary>
public interface IRunReport : IAsyncDisposable
{
    void Receive(RunEvent runEvent);
}

/// <summary>
/// Stamps the events of a run with the time and hands them to every report. Safe to publish to from any thread.
/// A report that can no longer be written (a full disk) is left out from then on, and the others go on: they tell of it.
/// </summary>
public sealed class RunJournal(TimeProvider clock, params IReadOnlyList<IRunReport> reports) : IAsyncDisposable
{
    private readonly Lock _order = new();
    private readonly List<IRunReport> _written = [.. reports];
    private Exception? _loss;

    public void Publish(RunEvent runEvent)
    {
        lock (_order)
        {
            var stamped = runEvent with { Time = clock.GetUtcNow() };
            foreach (var report in _written.ToArray())
            {
                try
                {
                    report.Receive(stamped);
                }
                catch (Exception exception) when (IsNoRoom(exception))
                {
                    GiveUp(report, exception);
                }
            }
        }
    }

    private static bool IsNoRoom(Exception exception) => exception is IOException or UnauthorizedAccessException or DiskFullException;

    private void GiveUp(IRunReport report, Exception cause)
    {
        _written.Remove(report);
        _loss ??= cause;
        Publish(new NoteGiven($"A report of this run ends here: {cause.Message}"));
    }

    /// <summary>Why a report could not be written to its end; null when none is known to lack anything.</summary>
    public string? Loss => _loss is null
        ? null
        : $"The run was made, but its folder does not hold all of it: {_loss.Message} Make sure that there is room on the disk, and run it again.";

    /// <summary>Runs one stage between its two events. What it throws is told in the ending event and thrown on.</summary>
    /// <param name="refusal">Tells from the result why the stage did not succeed; null when it did.</param>
    public async Task<T> StageAsync<T>(Stage stage, Func<Task<T>> body, Func<T, string?>? refusal = null)
    {
        Publish(new StageStarted(stage));
        var start = clock.GetTimestamp();
        try
        {
            var result = await body();
            Publish(new StageEnded(stage, clock.GetElapsedTime(start), refusal?.Invoke(result)));
            return result;
        }
        catch (Exception exception)
        {
            var failure = exception is OperationCanceledException ? StageEnded.Cancelled : exception.Message;
            Publish(new StageEnded(stage, clock.GetElapsedTime(start), failure));
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var report in reports)
        {
            try
            {
                await report.DisposeAsync();
            }
            catch (Exception exception) when (IsNoRoom(exception) && !_written.Contains(report))
            {
                // What it could not write before, it still cannot.
                _loss ??= exception;
            }
        }
    }
}
