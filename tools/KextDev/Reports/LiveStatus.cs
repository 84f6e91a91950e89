using KextDev.Events;
using Spectre.Console;

namespace KextDev.Reports;

/// <summary>
/// The moving line at the bottom of a terminal: the stage or test under way, its progress, its time.
/// Lines that others write to the same console scroll by above it.
/// </summary>
public sealed class LiveStatus : IRunReport
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _display;
    private readonly ProgressContext _progress;
    private ProgressTask? _current;

    public LiveStatus(IAnsiConsole console)
    {
        var started = new TaskCompletionSource<ProgressContext>(TaskCreationOptions.RunContinuationsAsynchronously);
        _display = console.Progress()
            .AutoClear(true)
            .HideCompleted(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new ProgressBarColumn(), new ElapsedTimeColumn())
            .StartAsync(context =>
            {
                started.SetResult(context);
                return _ended.Task;
            });
        _progress = started.Task.GetAwaiter().GetResult();
    }

    public void Receive(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StageStarted stage:
                Show(Wording.Of(stage.Stage));
                break;
            case TestStarted test:
                Show(test.Test);
                break;
            case TestProgressed { Total: > 0 } test when _current is not null:
                _current.IsIndeterminate = false;
                _current.MaxValue = test.Total;
                _current.Value = Math.Min(test.Done, test.Total - 1);
                break;
            case RunEnded:
                Stop();
                break;
        }
    }

    public ValueTask DisposeAsync()
    {
        Stop();
        return ValueTask.CompletedTask;
    }

    private void Show(string what)
    {
        _current?.StopTask();
        _current = _progress.AddTask(Markup.Escape(what)).IsIndeterminate();
    }

    // The display must be gone before the table is written, which is why this waits.
    private void Stop()
    {
        _current?.StopTask();
        _ended.TrySetResult();
        _display.GetAwaiter().GetResult();
    }
}
