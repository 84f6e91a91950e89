using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.GuestTests.Testing;
using KextDev.Logs;
using KextDev.Projects;
using KextDev.Shells;
using KextDev.Testing;

namespace KextDev.GuestTests.Logs;

/// <summary>What a person sees of this repository's own extension in a guest that stays up.</summary>
[Collection(GuestTurns.Name)]
public sealed class ReadLogTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly GuestPlace _place = new();
    private readonly RecordingReport _heard = new();
    private readonly Project _project = Project.Load(Path.Combine(GuestPlace.Root, "kext"));

    public ReadLogTests() => _place.ShareBuild();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, _place.Site);
        await guest.StopAsync(CancellationToken.None);
    }

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Shows_what_was_logged_and_what_comes_and_leaves_the_extension_as_it_was()
    {
        await using var journal = new RunJournal(TimeProvider.System, _heard);
        await LoadAsync(journal);
        var endpoint = (await GuestFactory.LookAsync(GuestPlace.Embedded, _place.Site, CancellationToken.None)).Endpoint.ShouldNotBeNull();
        await using var shell = await GuestShell.ConnectAsync(endpoint, CancellationToken.None);

        var before = await Read(journal, endpoint, MessageLevel.Info, follow: false).ToListAsync();
        before.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            it => it.Level.ShouldBe(MessageLevel.Info),
            it => it.Text.ShouldMatch("^[0-9]+/[0-9]+ #1: loaded"));
        (await Read(journal, endpoint, MessageLevel.Warning, follow: false).ToListAsync()).ShouldBeEmpty();
        _heard.Events.OfType<NoteGiven>().ShouldContain(note => note.Sentence.Contains("has no message of osquery's at level warning or above"));

        // What the extension says at its end comes by the channel.
        await using (var following = Read(journal, endpoint, MessageLevel.Info, follow: true).GetAsyncEnumerator())
        {
            (await following.MoveNextAsync()).ShouldBeTrue();
            following.Current.ShouldBe(before[0]);
            var next = following.MoveNextAsync().AsTask();
            await UntilAsync(async () => (await shell.RunAsync("grep '^clients 1$' /sys/module/osquery/parameters/log_statistics", CancellationToken.None)).ExitCode == 0);
            (await new UnloadByHand(journal, TimeProvider.System).RunAsync(_project, GuestPlatform.Linux, endpoint, CancellationToken.None)).Refusal.ShouldBeNull();
            (await next.WaitAsync(Limit)).ShouldBeTrue();
            following.Current.Text.ShouldMatch("^[0-9]+/[0-9]+ #2: unloaded$");
        }

        await LoadAsync(journal);
        (await LevelAsync(shell)).ShouldBe("info");
        using var stop = new CancellationTokenSource();
        var looking = LookAsync(journal, endpoint, stop.Token);
        await UntilAsync(async () => await LevelAsync(shell) == "trace");
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(looking);
        await UntilAsync(async () => await LevelAsync(shell) == "info");
    }

    private async Task LoadAsync(RunJournal journal) =>
        (await new LoadByHand(_place.Site, sdk: null, force: false, journal).RunAsync(_project, GuestPlace.Embedded, CancellationToken.None)).Refusal.ShouldBeNull();

    private IAsyncEnumerable<ToldMessage> Read(RunJournal journal, GuestEndpoint endpoint, MessageLevel level, bool follow, CancellationToken cancellationToken = default) =>
        new ReadLog(_place.State, journal).RunAsync(_project, GuestPlace.Embedded, endpoint, level, follow, cancellationToken);

    private async Task LookAsync(RunJournal journal, GuestEndpoint endpoint, CancellationToken cancellationToken)
    {
        await foreach (var message in Read(journal, endpoint, MessageLevel.Trace, follow: true, cancellationToken))
        {
            message.Text.ShouldNotBeEmpty();
        }
    }

    private static async Task<string> LevelAsync(GuestShell shell) =>
        (await shell.RunAsync("cat /sys/module/osquery/parameters/log_level", CancellationToken.None)).Output.Trim();

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }
}
