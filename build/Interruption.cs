using System.Runtime.InteropServices;

/// <summary>
/// Turns Ctrl-C, SIGTERM and SIGHUP into a cancelled token, and holds the signal until the work has cleaned up after itself:
/// the guest is stopped and the partial results are written before the process ends.
/// </summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>As a shell reports a program that Ctrl-C ended.</summary>
    public const int ExitCode = 130;

    // Longer than any clean-up takes; one that hangs must not make the program immortal.
    private static readonly TimeSpan CleanUpLimit = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _signals;

    public Interruption()
    {
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        _signals = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, Stop))];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }

        _source.Dispose();
    }

    // The handlers of a signal run one after the other, the newest first. This one does not return while the process cleans up and
    // ends by itself: Nuke's own handler would end it at once, in the middle of it.
    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_source.IsCancellationRequested)
        {
            Console.WriteLine($"{context.Signal}: already stopping");
            return;
        }

        Console.WriteLine();
        Console.WriteLine($"{context.Signal}: stopping, and cleaning up first");
        _source.Cancel();
        Thread.Sleep(CleanUpLimit);
    }
}
