using KextDev.Events;

namespace KextDev.Reports.Html;

/// <summary>What a run has told by now: what its page is made of.</summary>
internal sealed class RunRecord
{
    private readonly List<GuestRecord> _guests = [];

    /// <summary>Null before the run has begun.</summary>
    public RunStarted? Started { get; private set; }

    /// <summary>Null where the run did not come to its end.</summary>
    public RunEnded? Ended { get; private set; }

    /// <summary>Those whose turn it was.</summary>
    public IReadOnlyList<GuestRecord> Guests => _guests;

    public void Receive(RunEvent told)
    {
        switch (told)
        {
            case RunStarted started:
                Started = started;
                break;
            case SuiteStarted suite:
                _guests.Add(new GuestRecord(suite.Guest));
                break;
            case RunEnded ended:
                Ended = ended;
                break;
            default:
                _guests.LastOrDefault()?.Receive(told);
                break;
        }
    }
}
