using KextDev.Events;
using KextDev.Reports;

namespace KextDev.Tests.Events;

public sealed class RunJournalTests
{
    [Fact]
    public async Task A_stage_is_a_pair_of_events_around_its_work()
    {
        var report = new RecordingReport();
        await using var journal = new RunJournal(TimeProvider.System, report);

        var result = await journal.StageAsync(Stage.Load, () => Task.FromResult(42));

        result.ShouldBe(42);
        report.Events[0].ShouldBeOfType<StageStarted>().Stage.ShouldBe(Stage.Load);
        report.Events[1].ShouldBeOfType<StageEnded>().Failure.ShouldBeNull();
    }

    [Fact]
    public async Task A_stage_that_throws_ends_with_the_message_and_throws_on()
    {
        var report = new RecordingReport();
        await using var journal = new RunJournal(TimeProvider.System, report);

        await Should.ThrowAsync<InfrastructureException>(
            journal.StageAsync<int>(Stage.Connect, () => throw new InfrastructureException("no answer")));

        report.Events[1].ShouldBeOfType<StageEnded>().Failure.ShouldBe("no answer");
    }

    [Fact]
    public async Task A_refusal_that_is_data_ends_the_stage_as_failed_without_an_exception()
    {
        var report = new RecordingReport();
        await using var journal = new RunJournal(TimeProvider.System, report);

        await journal.StageAsync(Stage.Unload, () => Task.FromResult("busy"), answer => answer);

        report.Events[1].ShouldBeOfType<StageEnded>().Failure.ShouldBe("busy");
    }

    [Fact]
    public async Task Events_of_many_threads_arrive_one_at_a_time_in_the_order_of_their_time()
    {
        var report = new RecordingReport();
        await using var journal = new RunJournal(TimeProvider.System, report);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 500; i++)
            {
                journal.Publish(new ConsolePrinted($"{thread} {i}"));
            }
        })));

        report.Events.Count.ShouldBe(4000);
        report.Events.Select(e => e.Time).ShouldBeInOrder();
    }

    [Fact]
    public async Task A_report_on_a_full_disk_ends_and_the_others_go_on_and_tell_of_it()
    {
        var seen = new RecordingReport();
        var journal = new RunJournal(TimeProvider.System, new JsonLinesReport("/dev/full"), seen);

        journal.Publish(new StageStarted(Stage.Build));
        journal.Publish(new StageStarted(Stage.Load));
        await journal.DisposeAsync();

        seen.Events.OfType<StageStarted>().Select(started => started.Stage).ShouldBe([Stage.Build, Stage.Load]);
        seen.Events.OfType<NoteGiven>().ShouldHaveSingleItem().Sentence.ShouldContain("No space left on device");
        journal.Loss.ShouldNotBeNull().ShouldContain("No space left on device");
    }
}

/// <summary>Keeps the events that it receives.</summary>
internal sealed class RecordingReport : IRunReport
{
    public List<RunEvent> Events { get; } = [];

    public void Receive(RunEvent runEvent) => Events.Add(runEvent);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
