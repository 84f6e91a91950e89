using System.Collections.Concurrent;

namespace KextDev.GuestTests.Guests;

/// <summary>A clock on which no time limit ends until the test says so.</summary>
internal sealed class HeldClock : TimeProvider
{
    private readonly ConcurrentBag<HeldTimer> _timers = [];

    public void Expire()
    {
        foreach (var timer in _timers)
        {
            timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new HeldTimer(() => callback(state));
        _timers.Add(timer);
        return timer;
    }

    private sealed class HeldTimer(Action fire) : ITimer
    {
        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
