namespace KextDev.Logs;

/// <summary>
/// Which test ran when, by the guest's clock: its start is read there before anything of the test's is done, so what was logged later belongs to it.
/// Safe to use from any thread.
/// </summary>
public sealed class TestTimeline
{
    private readonly Lock _order = new();
    private readonly List<(long Start, string? Test)> _starts = [];
    private long _latest;

    /// <summary>The test that runs now; null between tests.</summary>
    public string? Current
    {
        get
        {
            lock (_order)
            {
                return _starts.Count > 0 ? _starts[^1].Test : null;
            }
        }
    }

    /// <param name="test">The one that begins; null where one ends and none begins.</param>
    /// <param name="now">Nanoseconds on the guest's clock; null where it does not tell: then what was heard last is the end of what came before.</param>
    public void Begin(string? test, long? now)
    {
        lock (_order)
        {
            // A clock that was set back does not give a test what another one said.
            var earliest = _starts.Count > 0 ? _starts[^1].Start : long.MinValue;
            _starts.Add((Math.Max(earliest, now ?? _latest + 1), test));
        }
    }

    /// <summary>The test under which something was said.</summary>
    /// <param name="moment">Nanoseconds on the guest's clock; null where the line has none: then it is the test that runs.</param>
    public string? At(long? moment)
    {
        lock (_order)
        {
            if (moment is not { } said)
            {
                return _starts.Count > 0 ? _starts[^1].Test : null;
            }

            _latest = Math.Max(_latest, said);
            for (var index = _starts.Count - 1; index >= 0; index--)
            {
                if (_starts[index].Start <= said)
                {
                    return _starts[index].Test;
                }
            }

            return null;
        }
    }
}
