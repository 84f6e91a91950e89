using System.Collections.Concurrent;

namespace KextDev.Tests.Guests.Vmware;

/// <summary>A clock on which no time limit ends until the test says so.</summary>
internal sealed class ExpiringClock : TimeProvider
{
    private readonly ConcurrentBag<Action> _timers = [];

    public void Expire()
    {
        foreach (var fire in _timers)
        {
            fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _timers.Add(() => callback(state));
        return new Held();
    }

    private sealed class Held : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
