using KextDev.Events;
using KextDev.Platforms;

namespace KextDev.Logs;

/// <summary>What the extension logs in one guest of a run, which may be started more than once: logs/kextlog.jsonl, its counts, and what a person is shown of it.</summary>
public sealed class GuestLog : IDisposable
{
    private const int MostRecent = 60;

    private readonly Queue<string> _recent = new();
    private readonly LogFile _file;
    private readonly ShownMessages _shown;
    private readonly Lock _order = new();
    private TestTimeline _timeline = new();
    private readonly Note _note;
    private ConnectionAccount _account = new();
    private KernelClock _clock;
    private string? _recentTest;

    /// <param name="folder">Of the guest within the run's.</param>
    public GuestLog(string folder, RunJournal journal, TimeProvider clock)
    {
        Folder = Directory.CreateDirectory(Path.Combine(folder, "logs")).FullName;
        File = Path.Combine(Folder, "kextlog.jsonl");
        _note = sentence => journal.Publish(new NoteGiven(sentence));
        _file = new LogFile(File, _note);
        _shown = new ShownMessages(journal, clock);
    }

    public string Folder { get; }

    /// <summary>Path of logs/kextlog.jsonl.</summary>
    public string File { get; }

    public LogCounts Counts { get; private set; } = LogCounts.None;

    /// <summary>Where the lines of the guest's latest start begin in the file.</summary>
    public long Begin { get; private set; }

    /// <summary>From the guest's uptime to its wall clock, in nanoseconds; null where no line told both.</summary>
    public long? BootTime { get; private set; }

    /// <summary>Of the guest's latest start.</summary>
    public TestTimeline Timeline => _timeline;

    /// <summary>The guest was started: its clock, its messages' numbers and what runs in it begin anew.</summary>
    public void BeginBoot(KernelClock clock)
    {
        lock (_order)
        {
            _file.Flush();
            (_clock, _timeline, _account, Begin, BootTime) = (clock, new TestTimeline(), new ConnectionAccount(), _file.Length, null);
        }
    }

    public void Take(ChannelLine line)
    {
        lock (_order)
        {
            BootTime ??= line.WallTime - line.Uptime;
            var test = _timeline.At(_clock == KernelClock.Uptime ? line.Uptime : line.WallTime);
            var kept = _file.TryWrite(line.With(source: null, test));
            var counts = _account.Add(line) with { Left = kept ? 0 : line.Counts.Messages };
            Counts += counts;
            if (counts.Missing > 0)
            {
                _file.TryWrite(ConnectionAccount.Missing(line, counts).With(source: null, test));
                _note($"The log of {counts.Sent:#,0} messages does not add up: {counts.Missing:#,0} of them are neither in {File} nor counted there.");
            }

            if (line.Level is { } level)
            {
                Remember(test, $"{level.ToString().ToLowerInvariant()} {line.Process}/{line.Thread} #{line.Sequence}: {line.Text}");
                if (level >= MessageLevel.Warning)
                {
                    _shown.Show(test, level, line.Text);
                }
            }
        }
    }

    /// <summary>The last messages of a test, as text.</summary>
    public IReadOnlyList<string> RecentOf(string test)
    {
        lock (_order)
        {
            return _recentTest == test ? [.. _recent] : [];
        }
    }

    /// <summary>What is stored can be read by others now.</summary>
    public void Flush()
    {
        lock (_order)
        {
            _file.Flush();
        }
    }

    /// <summary>What was counted instead of being shown is told now.</summary>
    public void TellOmitted() => _shown.Flush();

    public void Dispose() => _file.Dispose();

    private void Remember(string? test, string text)
    {
        if (_recentTest != test)
        {
            _recent.Clear();
        }

        _recentTest = test;
        _recent.Enqueue(text);
        if (_recent.Count > MostRecent)
        {
            _recent.Dequeue();
        }
    }
}
