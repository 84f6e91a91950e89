using KextDev.Crashes;
using KextDev.Events;
using KextDev.Guests;

namespace KextDev.Testing;

/// <summary>
/// Watches a guest from its start to its end: every console line is kept and scanned for crashes, and the hypervisor's word is heard.
/// Guests without a console or machine events are simply not watched that way.
/// </summary>
public sealed class GuestWatch : IAsyncDisposable
{
    // After the hypervisor's word the console still prints for a moment, and its report is complete only once it is silent.
    private static readonly TimeSpan Settling = 3 * ConsoleFile.Silence;

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _died = new();
    private readonly RunJournal _journal;
    private readonly List<Task> _watchers = [];
    private readonly TaskCompletionSource<Crash> _crash = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _cause;

    private GuestWatch(RunJournal journal) => _journal = journal;

    /// <summary>Cancelled as soon as the guest's kernel is known to be dead.</summary>
    public CancellationToken Died => _died.Token;

    /// <summary>The report of the crash that killed the guest's kernel; empty while none is known.</summary>
    public IReadOnlyList<string> CrashReport => _crash.Task.IsCompletedSuccessfully ? _crash.Task.Result.Text : [];

    /// <summary>Begins to watch. A guest that ran before is watched from now on: what it printed earlier belongs to others.</summary>
    /// <param name="consoleLog">Where the console's bytes are kept.</param>
    /// <param name="start">How many bytes the console had printed before the guest became ours.</param>
    public static GuestWatch Begin(IGuest guest, string consoleLog, long start, RunJournal journal)
    {
        var watch = new GuestWatch(journal);
        if (guest is ISerialConsole console)
        {
            watch._watchers.Add(Task.Run(() => watch.ReadConsoleAsync(new ConsoleFile(console.ConsoleFile, consoleLog), start)));
        }

        if (guest is IMachineEvents machine)
        {
            watch._watchers.Add(Task.Run(() => watch.ListenAsync(machine)));
        }

        return watch;
    }

    /// <summary>
    /// How the guest died: the crash that its console shows, or else the hypervisor's word. Waits up to <paramref name="patience"/>
    /// for the news of a death; null when the guest is not known to be dead.
    /// </summary>
    public async Task<string?> DeathAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var news = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _died.Token);
        await Task.Delay(patience, news.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (!_died.IsCancellationRequested)
        {
            return null;
        }

        try
        {
            return (await _crash.Task.WaitAsync(Settling, cancellationToken)).Summary;
        }
        catch (TimeoutException)
        {
            return _cause;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_watchers);
        _stop.Dispose();
        _died.Dispose();
    }

    private async Task ReadConsoleAsync(ConsoleFile console, long start)
    {
        var scanner = new CrashScanner();
        await foreach (var line in console.FollowAsync(start, _stop.Token))
        {
            if (line is not null)
            {
                _journal.Publish(new ConsolePrinted(line));
            }

            // A dead kernel prints no further line that would end its report; silence ends it.
            Report(line is null ? scanner.Complete() : scanner.Feed(line));
        }

        Report(scanner.Complete());
    }

    private void Report(Crash? crash)
    {
        if (crash is null)
        {
            return;
        }

        var fatal = crash.Severity == CrashSeverity.Fatal;
        _journal.Publish(new KernelCrashed(crash.Summary, fatal, string.Join('\n', crash.Text)));
        if (fatal)
        {
            _crash.TrySetResult(crash);
            _died.Cancel();
        }
    }

    private async Task ListenAsync(IMachineEvents machine)
    {
        try
        {
            await foreach (var machineEvent in machine.WatchAsync(_stop.Token))
            {
                _cause ??= machineEvent switch
                {
                    MachinePanicked => "the guest's kernel reported a panic",
                    MachineStopped stopped => $"the machine stopped ({stopped.Reason})",
                    _ => null,
                };
                await _died.CancelAsync();
            }

            if (!_stop.IsCancellationRequested)
            {
                _cause ??= "the machine is gone: its hypervisor ended";
                await _died.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The watch is over.
        }
    }
}
