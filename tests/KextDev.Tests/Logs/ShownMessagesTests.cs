using KextDev.Events;
using KextDev.Logs;

namespace KextDev.Tests.Logs;

public sealed class ShownMessagesTests : IAsyncDisposable
{
    private readonly SetClock _clock = new();
    private readonly Heard _heard = new();
    private readonly ShownMessages _shown;

    public ShownMessagesTests() => _shown = new ShownMessages(new RunJournal(_clock, _heard), _clock);

    public ValueTask DisposeAsync() => _heard.DisposeAsync();

    [Fact]
    public void So_many_in_a_second_are_told_and_the_rest_is_counted_by_test()
    {
        for (var number = 1; number <= ShownMessages.Most + 5; number++)
        {
            _shown.Show(number <= ShownMessages.Most + 2 ? "one" : "two", MessageLevel.Warning, $"{number}");
        }

        _clock.Now += TimeSpan.FromSeconds(1);
        _shown.Show("two", MessageLevel.Error, "the next second");
        _shown.Flush();

        _heard.Events.Take(ShownMessages.Most).ShouldAllBe(told => told is MessageLogged && ((MessageLogged)told).Test == "one");
        _heard.Events.Skip(ShownMessages.Most).Select(told => told with { Time = default }).ShouldBe(
        [
            new MessagesOmitted("one", 2), new MessagesOmitted("two", 3), new MessageLogged("two", MessageLevel.Error, "the next second"),
        ]);
    }

    [Fact]
    public void What_was_counted_last_is_told_at_the_end()
    {
        for (var number = 0; number < ShownMessages.Most + 1; number++)
        {
            _shown.Show(test: null, MessageLevel.Warning, "a");
        }

        _heard.Events.Count.ShouldBe(ShownMessages.Most);
        _shown.Flush();
        _heard.Events[^1].ShouldBeOfType<MessagesOmitted>().Count.ShouldBe(1);
    }

    private sealed class SetClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }

    private sealed class Heard : IRunReport
    {
        public List<RunEvent> Events { get; } = [];

        public void Receive(RunEvent runEvent) => Events.Add(runEvent);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
