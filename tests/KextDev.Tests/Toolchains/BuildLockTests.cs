using KextDev.Toolchains;

namespace KextDev.Tests.Toolchains;

public sealed class BuildLockTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kextdev-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Waits_for_the_holder_and_says_once_who_it_is()
    {
        var notes = new List<string>();
        var waiting = new TaskCompletionSource();
        var first = await BuildLock.TakeAsync(_folder, notes.Add, CancellationToken.None);
        var second = BuildLock.TakeAsync(
            _folder,
            note =>
            {
                notes.Add(note);
                waiting.SetResult();
            },
            CancellationToken.None);
        await waiting.Task;
        second.IsCompleted.ShouldBeFalse();

        first.Dispose();

        (await second).Dispose();
        notes.ShouldHaveSingleItem().ShouldBe($"Waiting for another build in {_folder} to end (process {Environment.ProcessId}).");
    }

    [Fact]
    public async Task Ends_waiting_when_it_is_cancelled()
    {
        using var held = await BuildLock.TakeAsync(_folder, _ => { }, CancellationToken.None);
        using var cancellation = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(() => BuildLock.TakeAsync(_folder, _ => cancellation.Cancel(), cancellation.Token));
    }
}
