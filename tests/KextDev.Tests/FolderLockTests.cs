
namespace KextDev.Tests;

public sealed class FolderLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Is_taken_by_one_at_a_time()
    {
        var first = FolderLock.TryTake(_folder.Path).ShouldNotBeNull();
        FolderLock.TryTake(_folder.Path).ShouldBeNull();

        first.Dispose();

        using var second = FolderLock.TryTake(_folder.Path).ShouldNotBeNull();
    }

    [Fact]
    public async Task Waits_for_its_holder_and_tells_who_that_is()
    {
        var first = FolderLock.TryTake(_folder.Path).ShouldNotBeNull();
        var told = new TaskCompletionSource<string>();
        var waiting = FolderLock.TakeAsync(_folder.Path, told.SetResult, CancellationToken.None);

        (await told.Task).ShouldContain($"process {Environment.ProcessId}");
        waiting.IsCompleted.ShouldBeFalse();
        first.Dispose();

        (await waiting).Dispose();
    }

    [Fact]
    public async Task Waiting_can_be_cancelled()
    {
        using var first = FolderLock.TryTake(_folder.Path).ShouldNotBeNull();
        using var cancel = new CancellationTokenSource();

        var waiting = FolderLock.TakeAsync(_folder.Path, _ => cancel.Cancel(), cancel.Token);

        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_an_error_and_not_a_wait()
    {
        var file = _folder.Write("file", "");

        Should.Throw<IOException>(() => FolderLock.TryTake(Path.Combine(file, "below")));
    }
}
