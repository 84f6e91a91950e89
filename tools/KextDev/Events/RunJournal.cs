namespace KextDev.Events;

/// <summary>Receives the events of a run, one at a time, in order.</summary>
public interface IRunReport : IAsyncDisposable
{
    void Receive(RunEvent runEvent);
}

/// <summary>Stamps the events of a run with the time and hands them to every report. Safe to publish to from any thread.</summary>
public sealed class RunJournal(TimeProvider clock, params IReadOnlyList<IRunReport> reports) : IAsyncDisposable
{
    private readonly Lock _order = new();

    public void Publish(RunEvent runEvent)
    {
        lock (_order)
        {
            var stamped = runEvent with { Time = clock.GetUtcNow() };
            foreach (var report in reports)
            {
                report.Receive(stamped);
            }
        }
    }

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
            var failure = exception is OperationCanceledException ? "cancelled" : exception.Message;
            Publish(new StageEnded(stage, clock.GetElapsedTime(start), failure));
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var report in reports)
        {
            await report.DisposeAsync();
        }
    }
}
