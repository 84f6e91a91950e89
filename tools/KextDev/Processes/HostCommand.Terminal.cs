using System.ComponentModel;
using System.Diagnostics;

namespace KextDev.Processes;

public sealed partial record HostCommand
{
    /// <summary>Runs the program with our own standard streams, for a person at the terminal. Cancellation kills it and its descendants.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="HostCommandException">It could not be started.</exception>
    public async Task<int> RunInTerminalAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(Program, Arguments) { UseShellExecute = false, WorkingDirectory = WorkingDirectory ?? "" };
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        using var process = Start(start);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new HostCommandException(this, exception);
        }
    }
}
