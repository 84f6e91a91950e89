using System.Runtime.CompilerServices;

namespace CliWrap;

/// <summary>A command under way. Awaiting it gives the result.</summary>
public class CommandTask<TResult>(Task<TResult> task, int processId) : IDisposable
{
    public Task<TResult> Task { get; } = task;

    public int ProcessId { get; } = processId;

    public TaskAwaiter<TResult> GetAwaiter() => Task.GetAwaiter();

    public void Dispose()
    {
        // As published: disposes the task, not the process.
        if (Task.IsCompleted)
        {
            Task.Dispose();
        }

        GC.SuppressFinalize(this);
    }
}
