using System.ComponentModel;
using System.Diagnostics;

namespace KextDev.Processes;

public sealed partial record HostCommand
{
    /// <summary>Runs the program with our own standard streams, for a person at the terminal. Cancellation kills it and its descendants.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="HostCommandException">It could not be started.</exception>
    public Task<int> RunInTerminalAsync(CancellationToken cancellationToken) => RunWithStreamsAsync(cancellationToken);

    /// <summary>The same for a program to which Ctrl-C belongs while it runs: at a terminal it is in the foreground alone, and nobody else hears of it.</summary>
    public Task<int> RunInForegroundAsync(CancellationToken cancellationToken) =>
        // A shell with job control does what no interface of .NET's does.
        Console.IsInputRedirected
            ? RunWithStreamsAsync(cancellationToken)
            : (this with { Program = "bash", Arguments = ["-mc", "\"$@\"", "bash", Program, .. Arguments] }).RunWithStreamsAsync(cancellationToken);

    private async Task<int> RunWithStreamsAsync(CancellationToken cancellationToken)
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
