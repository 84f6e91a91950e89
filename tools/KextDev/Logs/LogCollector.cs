using System.Globalization;
using KextDev.Events;
using KextDev.Platforms;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Logs;

/// <summary>
/// Reads the extension's log channel in a guest that runs, from the first test to the last: kextlogd prints there, and each line is stored as it comes.
/// Trouble with it is said once, and changes nothing else of a run.
/// </summary>
public sealed class LogCollector : IAsyncDisposable
{
    private const int MostConnections = 4;
    private const int MostComplaints = 3;

    // The slowest guest has its daemon by then, and that has written what it has.
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ClockLimit = TimeSpan.FromSeconds(5);

    // Whoever has been interrupted does not wait for last lines.
    private static readonly TimeSpan HurriedLimit = TimeSpan.FromSeconds(3);

    // What a dead guest had sent is here, or on its way through this host.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    private readonly LogDaemon _daemon;
    private readonly IKernelPlatform _platform;
    private readonly GuestLog _log;
    private readonly Note _note;
    private readonly CancellationToken _died;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _complaints = new();
    private GuestShell _shell;
    private GuestShell? _own;
    private Task _reading = Task.CompletedTask;
    private long? _process; // that of the daemon, as soon as it is known
    private bool _lost;
    private long _heard;
    private volatile bool _ending;
    private bool _ended;

    private LogCollector(GuestShell shell, IKernelPlatform platform, LogDaemon daemon, GuestLog log, Note note, CancellationToken died)
    {
        (_shell, _platform, _daemon, _log, _note, _died) = (shell, platform, daemon, log, note, died);
    }

    /// <summary>Starts the daemon, and waits a moment for it to have the channel.</summary>
    /// <param name="shell">Stays its owner's; where its connection is lost, another one is made.</param>
    /// <param name="note">Is told what goes wrong.</param>
    /// <param name="died">Cancelled when the guest's kernel is known to be dead.</param>
    public static async Task<LogCollector> StartAsync(
        GuestShell shell, IKernelPlatform platform, LogDaemon daemon, MessageLevel level, GuestLog log, Note note, CancellationToken died, CancellationToken cancellationToken)
    {
        var collector = new LogCollector(shell, platform, daemon, log, note, died);
        log.BeginBoot(platform.Clock);
        collector._reading = Task.Run(() => collector.ReadAsync(level), CancellationToken.None);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, died);
        limit.CancelAfter(ReadyLimit);
        await collector._ready.Task.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!collector._ready.Task.IsCompleted && !cancellationToken.IsCancellationRequested && !died.IsCancellationRequested)
        {
            note($"The log channel {daemon.Channel} is not there {ReadyLimit.TotalSeconds:0} s after its reader was started{collector.State}: until it is, the extension's messages are in the system log alone.");
        }

        return collector;
    }

    /// <summary>What is logged from now on belongs to a test; null: to none.</summary>
    public async Task BeginAsync(string? test, CancellationToken cancellationToken)
    {
        _log.Timeline.Begin(test, await ReadClockAsync(cancellationToken));
        _log.TellOmitted();
    }

    /// <summary>The last messages of a test, as text.</summary>
    public IReadOnlyList<string> RecentOf(string test) => _log.RecentOf(test);

    /// <summary>The guest answers no more: nobody there is asked to end the daemon.</summary>
    public void Abandon() => _lost = true;

    /// <summary>Ends the daemon and takes its last lines; where the guest is dead, what it had sent.</summary>
    public Task EndAsync() => EndAsync(EndLimit);

    /// <summary>The same in a hurry.</summary>
    public async ValueTask DisposeAsync() => await EndAsync(HurriedLimit);

    private async Task EndAsync(TimeSpan limit)
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        _ending = true;
        if (_lost || _died.IsCancellationRequested || !await AskToEndAsync(limit))
        {
            await FallSilentAsync(limit);
            _own?.Abandon();
        }

        await _stop.CancelAsync();
        await _reading;
        await (_own?.DisposeAsync() ?? ValueTask.CompletedTask);
        _stop.Dispose();
        _log.Flush();
        _log.TellOmitted();
    }

    private async Task<long?> ReadClockAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _died);
        limit.CancelAfter(ClockLimit);
        try
        {
            return await _platform.ReadClockAsync(limit.Token);
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    private async Task ReadAsync(MessageLevel level)
    {
        try
        {
            for (var connection = 1; ; connection++)
            {
                try
                {
                    var exitCode = await StreamAsync(level);
                    if (!_ending)
                    {
                        _note($"The extension's log is read no further: {_daemon.Path} ended with exit code {exitCode}{Complaints}.");
                    }

                    return;
                }
                catch (ConnectionLostException) when (connection < MostConnections && !_ending && !_died.IsCancellationRequested)
                {
                    await ReconnectAsync();
                }
            }
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            if (!_ending && !_died.IsCancellationRequested)
            {
                _note($"The extension's log is read no further: {exception.Message}");
            }
        }
        finally
        {
            _ready.TrySetResult();
        }
    }

    private async Task<int> StreamAsync(MessageLevel level)
    {
        _process = null;
        var exitCode = 0;
        await using var told = _shell.StreamAsync(_daemon.Command(level), _stop.Token).GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            var next = told.MoveNextAsync();
            if (!next.IsCompleted)
            {
                _log.Flush();
            }

            if (!await next)
            {
                return exitCode;
            }

            Volatile.Write(ref _heard, Environment.TickCount64);
            switch (told.Current)
            {
                case OutputLine line when _process is null:
                    _process = long.TryParse(line.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var process) && process > 1 ? process : 0;
                    break;
                case OutputLine line:
                    Take(ChannelLine.Parse(line.Text));
                    break;
                case ErrorLine line:
                    Complain(line.Text);
                    break;
                case Exited exited:
                    exitCode = exited.ExitCode;
                    break;
            }
        }
    }

    private void Take(ChannelLine line)
    {
        _log.Take(line);
        if (line.Connected)
        {
            _ready.TrySetResult();
        }
    }

    private async Task ReconnectAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, _died);
        var anew = await GuestShell.ConnectAsync(_shell.Endpoint, limit.Token);
        await (_own?.DisposeAsync() ?? ValueTask.CompletedTask);
        _shell = _own = anew;
    }

    /// <returns>Whether the daemon has ended.</returns>
    private async Task<bool> AskToEndAsync(TimeSpan limit)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(_died);
        ends.CancelAfter(limit);
        try
        {
            if (_process is > 0 and var process && !_reading.IsCompleted)
            {
                await _shell.RunAsync(LogDaemon.EndCommand(process), ends.Token);
                await _reading.WaitAsync(ends.Token);
            }

            return _reading.IsCompleted;
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task FallSilentAsync(TimeSpan limit)
    {
        Volatile.Write(ref _heard, Environment.TickCount64);
        var end = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (!_reading.IsCompleted && Environment.TickCount64 < end && Environment.TickCount64 - Volatile.Read(ref _heard) < Silence.TotalMilliseconds)
        {
            await Task.WhenAny(_reading, Task.Delay(Silence / 3));
        }
    }

    private void Complain(string line)
    {
        lock (_complaints)
        {
            _complaints.Enqueue(line);
            if (_complaints.Count > MostComplaints)
            {
                _complaints.Dequeue();
            }
        }
    }

    // Of one that has not connected.
    private string State => _process is null ? ", of which nothing was heard" : $" as process {_process}{Complaints}";

    private string Complaints
    {
        get
        {
            lock (_complaints)
            {
                return _complaints.Count == 0 ? "" : $": {string.Join(" ", _complaints)}";
            }
        }
    }
}
