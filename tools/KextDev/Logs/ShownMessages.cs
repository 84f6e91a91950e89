using KextDev.Events;

namespace KextDev.Logs;

/// <summary>Tells a run's warnings and errors as they come, so many in a second; the rest is counted.</summary>
public sealed class ShownMessages(RunJournal journal, TimeProvider clock)
{
    /// <summary>In a second.</summary>
    public const int Most = 10;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _order = new();
    private long _start;
    private int _shown;
    private long _omitted;
    private string? _test;

    public void Show(string? test, MessageLevel level, string text)
    {
        lock (_order)
        {
            if (_shown == 0 || clock.GetElapsedTime(_start) >= Window)
            {
                TellOmitted();
                (_start, _shown) = (clock.GetTimestamp(), 0);
            }

            if (_shown++ < Most)
            {
                journal.Publish(new MessageLogged(test, level, text));
                return;
            }

            // Each count is of one test.
            if (_test != test)
            {
                TellOmitted();
            }

            _test = test;
            _omitted++;
        }
    }

    /// <summary>Tells what was counted and is not told yet.</summary>
    public void Flush()
    {
        lock (_order)
        {
            TellOmitted();
        }
    }

    private void TellOmitted()
    {
        if (_omitted > 0)
        {
            journal.Publish(new MessagesOmitted(_test, _omitted));
            _omitted = 0;
        }
    }
}
