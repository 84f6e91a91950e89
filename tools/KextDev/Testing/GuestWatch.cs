using KextDev.Crashes;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Symbols;

namespace KextDev.Testing;

/// <summary>
/// Watches a guest from its start to its end: every console line is kept and scanned for crashes, and the hypervisor's word is heard.
/// Guests without a console or machine events are simply not watched that way.
/// </summary>
public sealed class GuestWatch : IAsyncDisposable
{
    // After the hypervisor's word the console still prints for a moment, and its report is complete only once it is silent.
    private static readonly TimeSpan Settling = 3 * ConsoleFile.Silence;

    // Each costs a moment in which the console is not read; a kernel may warn thousands of times.
    private const int MostNamedWarnings = 10;

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _died = new();
    private readonly RunJournal _journal;
    private readonly CrashSymbols _symbols;
    private readonly List<Task> _watchers = [];
    private readonly TaskCompletionSource<Crash> _crash = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IReadOnlyList<string>> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _cause;
    private int _warnings;

    private GuestWatch(RunJournal journal, CrashSymbols symbols)
    {
        _journal = journal;
        _symbols = symbols;
    }

    /// <summary>Cancelled as soon as the guest's kernel is known to be dead.</summary>
    public CancellationToken Died => _died.Token;

    /// <summary>The report of the crash that killed the guest's kernel; empty while none is known.</summary>
    public IReadOnlyList<string> CrashReport => _told.Task.IsCompletedSuccessfully ? _told.Task.Result : [];

    /// <summary>Begins to watch. A guest that ran before is watched from now on: what it printed earlier belongs to others.</summary>
    /// <param name="consoleLog">Where the console's bytes are kept.</param>
    /// <param name="start">How many bytes the console had printed before the guest became ours.</param>
    /// <param name="symbols">Of what is loaded there, for the reports of crashes.</param>
    public static GuestWatch Begin(IGuest guest, string consoleLog, long start, CrashSymbols symbols, RunJournal journal)
    {
        var watch = new GuestWatch(journal, symbols);
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
            var crash = await _crash.Task.WaitAsync(Settling, cancellationToken);
            await _told.Task.WaitAsync(cancellationToken);
            return crash.Summary;
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
            await ReportAsync(line is null ? scanner.Complete() : scanner.Feed(line));
        }

        await ReportAsync(scanner.Complete());
    }

    private async Task ReportAsync(Crash? crash)
    {
        if (crash is null)
        {
            return;
        }

        var fatal = crash.Severity == CrashSeverity.Fatal;
        if (fatal)
        {
            _crash.TrySetResult(crash);
            await _died.CancelAsync();
        }

        var text = crash.Text;
        try
        {
            text = fatal || _warnings++ < MostNamedWarnings ? await _symbols.TextAsync(crash, CancellationToken.None) : text;
            _journal.Publish(new KernelCrashed(crash.Summary, fatal, string.Join('\n', text)));
        }
        finally
        {
            if (fatal)
            {
                _told.TrySetResult(text);
            }
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
