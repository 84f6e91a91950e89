using KextDev.Events;
using KextDev.Logs;
using KextDev.Projects;

namespace KextDev.Testing;

/// <summary>Collects what the extension logs by its channel in one guest of a run, through all of the guest's starts. Without a channel it does nothing.</summary>
public sealed class CollectLog : IDisposable
{
    private readonly KernelTestOptions _options;
    private readonly RunJournal _journal;
    private readonly string _consoleLog;
    private readonly string? _channel;
    private readonly GuestLog? _log;
    private readonly LogFile? _merged;
    private long _consoleStart;

    /// <param name="folder">Of the guest within the run's.</param>
    /// <param name="consoleLog">The copy of what its console prints.</param>
    public CollectLog(KernelTestOptions options, GuestPlatform system, string folder, string consoleLog, RunJournal journal, TimeProvider clock)
    {
        (_options, _consoleLog, _journal) = (options, consoleLog, journal);
        _channel = options.Project.LogOf(system);
        if (_channel is not null)
        {
            _log = new GuestLog(folder, journal, clock);
            _merged = new LogFile(Path.Combine(_log.Folder, "merged.jsonl"), Note);
        }
    }

    /// <summary>Null where there is no channel.</summary>
    public LogCounts? Counts => _log?.Counts;

    /// <summary>The extension is loaded, and its programs are there.</summary>
    public async Task StartAsync(TestBench bench, CancellationToken cancellationToken)
    {
        if (_log is not null && _channel is not null)
        {
            _consoleStart = File.Exists(_consoleLog) ? new FileInfo(_consoleLog).Length : 0;
            var daemon = new LogDaemon(bench.Files.Programs[GuestPrograms.LogDaemon], _channel);
            bench.Log = await LogCollector.StartAsync(bench.Shell, bench.Platform, daemon, _options.LogLevel, _log, Note, bench.Watch.Died, cancellationToken);
        }
    }

    /// <summary>Ends the daemon in a guest, and takes its last lines.</summary>
    /// <param name="loss">The verdict of what the guest was lost by; null for one that answers.</param>
    public static async Task EndAsync(TestBench bench, Verdict? loss)
    {
        if (bench.Log is { } log)
        {
            if (loss is Verdict.Hung or Verdict.Panicked)
            {
                log.Abandon();
            }

            await log.EndAsync();
        }
    }

    /// <summary>Puts the channel's messages and the kernel's log on one axis; the channel is read no more.</summary>
    /// <param name="kernelLog">Null where the guest did not tell it: then its console has the end of it.</param>
    public void Merge(TestBench bench, string? kernelLog)
    {
        if (_log is not null && bench.Log is not null)
        {
            try
            {
                new MergedLog(bench.Slot.Extension.Name, bench.Platform).Append(_log, kernelLog ?? ReadConsole(), _merged!);
            }
            catch (IOException exception)
            {
                Note($"{_log.Folder} has no logs in one: {exception.Message}");
            }
        }
    }

    public void Dispose()
    {
        _log?.Dispose();
        _merged?.Dispose();
    }

    private string ReadConsole()
    {
        if (!File.Exists(_consoleLog))
        {
            return "";
        }

        using var reader = new StreamReader(new FileStream(_consoleLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        reader.BaseStream.Seek(_consoleStart, SeekOrigin.Begin);
        return reader.ReadToEnd();
    }

    private void Note(string sentence) => _journal.Publish(new NoteGiven(sentence));
}
