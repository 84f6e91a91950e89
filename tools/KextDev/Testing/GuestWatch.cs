using System.Diagnostics;
using KextDev.Crashes;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;
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

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    // Each costs a moment in which the console is not read; a kernel may warn thousands of times.
    private const int MostNamedWarnings = 10;

    // Different ones; the ones not heard for longest are forgotten.
    private const int MostComplaints = 1000;

    // For the end of a report that has begun: only a kernel that goes on complaining, of ever the same, takes as long.
    private static readonly TimeSpan ReportPatience = TimeSpan.FromSeconds(30);

    // The console's reader and whoever reads the kernel's log may have something to report at once.
    private readonly SemaphoreSlim _reporting = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _died = new();
    private readonly RunJournal _journal;
    private readonly CrashSymbols _symbols;
    private readonly List<Task> _watchers = [];
    private readonly Lock _complaining = new();
    private readonly Dictionary<string, (Crash Crash, long Last)> _complaints = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<Crash> _crash = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IReadOnlyList<string>> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _troubles = "";
    private int _named;
    private long _complained;
    private ConsoleFile? _console;
    private Task _reading = Task.CompletedTask;
    private volatile bool _reportBegun;
    private volatile int _reports;
    private volatile Outcome? _cause;

    private GuestWatch(RunJournal journal, CrashSymbols symbols)
    {
        _journal = journal;
        _symbols = symbols;
    }

    /// <summary>Cancelled as soon as the guest's kernel is known to be dead.</summary>
    public CancellationToken Died => _died.Token;

    /// <summary>Whether the guest has a console that its kernel prints on, which tells of its death at once. Many a Mac has a serial port and is silent there.</summary>
    public bool HasConsole => _console is { Length: > 0 };

    /// <summary>The report of the crash that killed the guest's kernel; empty while none is known.</summary>
    public IReadOnlyList<string> CrashReport => _told.Task.IsCompletedSuccessfully ? _told.Task.Result : [];

    /// <summary>How often the kernel complained and lived on.</summary>
    public long Complained => Interlocked.Read(ref _complained);

    /// <summary>The crash that killed the guest's kernel; null while none is known.</summary>
    public Crash? Crash => _crash.Task.IsCompletedSuccessfully ? _crash.Task.Result : null;

    /// <summary>What the kernel has complained of since there were so many complaints, each once, in the order in which they came last.</summary>
    public IReadOnlyList<Crash> ComplaintsSince(long complained)
    {
        lock (_complaining)
        {
            return [.. _complaints.Values.Where(one => one.Last > complained).OrderBy(one => one.Last).Select(one => one.Crash)];
        }
    }

    /// <summary>Begins to watch. A guest that ran before is watched from now on: what it printed earlier belongs to others.</summary>
    /// <param name="consoleLog">Where the console's bytes are kept.</param>
    /// <param name="start">How many bytes the console had printed before the guest became ours.</param>
    /// <param name="symbols">Of what is loaded there, for the reports of crashes.</param>
    public static GuestWatch Begin(IGuest guest, string consoleLog, long start, CrashSymbols symbols, RunJournal journal)
    {
        var watch = new GuestWatch(journal, symbols);
        if (guest is ISerialConsole console)
        {
            watch._console = new ConsoleFile(console.ConsoleFile, consoleLog) { Note = sentence => journal.Publish(new NoteGiven(sentence)) };
            watch._reading = Task.Run(() => watch.ReadConsoleAsync(watch._console, start));
            watch._watchers.Add(watch._reading);
        }

        if (guest is IMachineEvents machine)
        {
            watch._watchers.Add(Task.Run(() => watch.ListenAsync(machine)));
        }

        return watch;
    }

    /// <summary>
    /// Waits until what the console has said by now is understood, and a report that has begun is read to its end: only then is it sure under which test it began.
    /// </summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        var said = _console?.Length;
        await UntilAsync(() => !(_console?.Understood < said), cancellationToken);
        var (reports, start) = (_reports, Stopwatch.GetTimestamp());
        await UntilAsync(() => !_reportBegun || _reports != reports || Stopwatch.GetElapsedTime(start) > ReportPatience, cancellationToken);
    }

    /// <summary>
    /// Asks a kernel that lives for what no console shows: some print little there, and some guests have none. Where nobody listens, or the kernel remembers
    /// a new trouble, its log since the mark is read like a console.
    /// </summary>
    /// <param name="heard">How many complaints there were at the mark: what the console told since is not told again.</param>
    public async Task HearLogAsync(IKernelPlatform platform, string mark, long heard, CancellationToken cancellationToken)
    {
        if (await platform.ReadTroublesAsync(cancellationToken) is not { } troubles)
        {
            return;
        }

        var worse = troubles.Letters.Except(_troubles).Any();
        _troubles = troubles.Letters;
        if (HasConsole && troubles.ArePrinted && !worse)
        {
            return;
        }

        await SettleAsync(cancellationToken);
        await HearAsync(await platform.ReadLogAsync(mark, cancellationToken), heard);
        if (worse && Complained == 0 && Crash is null)
        {
            _journal.Publish(new NoteGiven(
                $"The kernel's taints tell of trouble ({troubles.Letters}) of which neither a console nor its log since '{mark}' says anything: it came before that, or is gone from the log."));
        }
    }

    /// <summary>Tells of something that could not be watched.</summary>
    public void Note(string sentence) => _journal.Publish(new NoteGiven(sentence));

    /// <summary>Takes what a system wrote of its kernel's death when it started again, for the word of a console that the guest does not have.</summary>
    public async Task HearReportAsync(SystemReport report)
    {
        try
        {
            await HearAsync(PanicFile.Matches(report.Text) ? PanicFile.Read(report.Text) : report.Text.Split('\n'), heard: 0);
        }
        catch (FormatException exception)
        {
            _journal.Publish(new NoteGiven($"The report {report.Name} of the guest's tells of no panic: {exception.Message}."));
        }
    }

    /// <summary>
    /// How the guest died: the crash that its console shows, or else the hypervisor's word. Waits up to <paramref name="patience"/>
    /// for the news of a death; null when the guest is not known to be dead.
    /// </summary>
    public async Task<Outcome?> DeathAsync(TimeSpan patience, CancellationToken cancellationToken)
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
            return new Outcome(Verdict.Panicked, crash.Summary);
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
        _reporting.Dispose();
    }

    // Or until nobody reads the console any more.
    private async Task UntilAsync(Func<bool> isSo, CancellationToken cancellationToken)
    {
        while (!isSo() && await Task.WhenAny(_reading, Task.Delay(Tick, cancellationToken)) != _reading)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
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
            _reportBegun |= scanner.IsReading;
            var crash = line is null ? scanner.Complete() : scanner.Feed(line);
            await ReportAsync(crash);
            _reports = crash is null ? _reports : _reports + 1;
            _reportBegun = scanner.IsReading;
        }

        await ReportAsync(scanner.Complete());
    }

    private async Task HearAsync(IEnumerable<string> lines, long heard)
    {
        var scanner = new CrashScanner();
        foreach (var line in lines)
        {
            await ReportUnheardAsync(scanner.Feed(line), heard);
        }

        await ReportUnheardAsync(scanner.Complete(), heard);
    }

    private Task ReportUnheardAsync(Crash? crash, long heard) =>
        ComplaintsSince(heard).Append(Crash).Any(known => known?.Fingerprint == crash?.Fingerprint) ? Task.CompletedTask : ReportAsync(crash);

    private async Task ReportAsync(Crash? crash)
    {
        if (crash is null)
        {
            return;
        }

        await _reporting.WaitAsync();
        try
        {
            await TellAsync(crash);
        }
        finally
        {
            _reporting.Release();
        }
    }

    private async Task TellAsync(Crash crash)
    {
        var fatal = crash.Severity == CrashSeverity.Fatal;
        if (fatal)
        {
            _crash.TrySetResult(crash);
            await _died.CancelAsync();
        }
        else if (Complain(crash))
        {
            return;
        }

        var text = crash.Text;
        try
        {
            text = fatal || _named++ < MostNamedWarnings ? await _symbols.TextAsync(crash, CancellationToken.None) : text;
            _journal.Publish(new KernelCrashed(crash.Summary, fatal, string.Join('\n', text)) { Function = crash.Function, Module = crash.Module });
        }
        finally
        {
            if (fatal)
            {
                _told.TrySetResult(text);
            }
        }
    }

    /// <returns>Whether the kernel complained of the same before: the same crash twice is one.</returns>
    private bool Complain(Crash crash)
    {
        lock (_complaining)
        {
            var known = _complaints.TryGetValue(crash.Fingerprint, out var before);
            _complaints[crash.Fingerprint] = (known ? before.Crash : crash, ++_complained);
            if (_complaints.Count > MostComplaints)
            {
                _complaints.Remove(_complaints.MinBy(one => one.Value.Last).Key);
            }

            return known;
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
                    MachinePanicked => new Outcome(Verdict.Panicked, "the guest's kernel reported a panic"),
                    MachineStopped stopped => new Outcome(Verdict.Panicked, $"the machine stopped ({stopped.Reason})"),
                    _ => null,
                };
                await _died.CancelAsync();
            }

            if (!_stop.IsCancellationRequested)
            {
                // Whoever ended it, it was not the guest.
                _cause ??= new Outcome(Verdict.Infrastructure, "The machine is gone: its hypervisor ended. Nothing can be said about the extension; is the host short of memory?");
                await _died.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The watch is over.
        }
    }
}
