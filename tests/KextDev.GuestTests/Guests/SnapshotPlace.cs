using KextDev.Guests;

namespace KextDev.GuestTests.Guests;

/// <summary>A cache of snapshots that the tests of a class share: each takes a place of its own beside it.</summary>
public sealed class SnapshotPlace : IAsyncLifetime, IDisposable
{
    private readonly GuestPlace _owner = new(ownCache: true);

    /// <summary>Without the search for KVM, which boots afresh and makes no snapshot.</summary>
    public static GuestDefinition Embedded => GuestPlace.Embedded with { Accelerator = Accelerator.Tcg };

    public string Folder => Path.Combine(_owner.State.Cache, "snapshots");

    public GuestPlace Take() => new(cache: _owner.State.Cache);

    /// <summary>Makes the snapshot: of two guests that start at once, one is saved and the other just boots.</summary>
    public async Task InitializeAsync()
    {
        _owner.Share("images");
        _owner.Share("kexthost");
        await using var one = GuestFactory.Create(Embedded, _owner.Site);
        await using var other = GuestFactory.Create(Embedded, _owner.Site);
        await Task.WhenAll(one.StartAsync(CancellationToken.None), other.StartAsync(CancellationToken.None));
        Directory.EnumerateDirectories(Folder).ShouldHaveSingleItem().ShouldNotEndWith(".unfinished");
        _owner.Notes.ShouldNotContain(note => note.Contains("snapshot", StringComparison.Ordinal));
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _owner.Dispose();
}
