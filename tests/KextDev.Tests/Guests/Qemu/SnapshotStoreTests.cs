using KextDev.Guests.Qemu;

namespace KextDev.Tests.Guests.Qemu;

public sealed class SnapshotStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SnapshotStore Store => new(_folder.Path);

    private string Snapshots => _folder.Combine("snapshots");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Holds_what_was_published_and_its_seal()
    {
        var snapshot = Publish("one");

        Store.Find("one").ShouldBe(snapshot);
        var manifest = snapshot.ReadManifest().ShouldNotBeNull();
        manifest.Memory.Length.ShouldBe(1024 * 1024);
        manifest.Saved.ShouldBe(DateTimeOffset.UnixEpoch);
        snapshot.HasBytes(manifest).ShouldBeTrue();
        File.GetUnixFileMode(snapshot.Folder).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.GetUnixFileMode(snapshot.MemoryFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Theory]
    [InlineData("memory", 0)]
    [InlineData("memory", 8)]
    [InlineData("memory", 16)]
    [InlineData("memory", 24)]
    [InlineData("memory", 512 * 1024)]
    [InlineData("memory", 1024 * 1024 - 1)]
    [InlineData("devices", 0)]
    [InlineData("devices", 10)]
    public void A_changed_byte_breaks_the_seal(string file, int offset)
    {
        var snapshot = Publish("one");
        using (var damaged = File.OpenWrite(Path.Combine(snapshot.Folder, file)))
        {
            damaged.Seek(offset, SeekOrigin.Begin);
            damaged.WriteByte(0xff);
        }

        snapshot.HasBytes(snapshot.ReadManifest().ShouldNotBeNull()).ShouldBeFalse();
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("devices")]
    [InlineData("snapshot.json")]
    public void One_that_was_cut_short_is_removed(string file)
    {
        var snapshot = Publish("one");
        using (var cut = File.OpenWrite(Path.Combine(snapshot.Folder, file)))
        {
            cut.SetLength(cut.Length - 1);
        }

        Store.Find("one").ShouldBeNull();
        Directory.Exists(snapshot.Folder).ShouldBeFalse();
    }

    [Fact]
    public void What_was_interrupted_is_found_by_nobody_and_removed_by_the_next()
    {
        var left = Path.Combine(Snapshots, "one.unfinished");
        Directory.CreateDirectory(left);
        File.WriteAllText(Path.Combine(left, "memory"), "half");
        Store.Find("one").ShouldBeNull();

        using (var next = Store.TryBegin("two", 1).ShouldNotBeNull())
        {
            Directory.Exists(left).ShouldBeFalse();
            Store.Find("two").ShouldBeNull();
        }

        Directory.EnumerateDirectories(Snapshots).ShouldBeEmpty();
    }

    [Fact]
    public void Only_one_is_made_at_a_time()
    {
        using (Store.TryBegin("one", 1).ShouldNotBeNull())
        {
            Store.TryBegin("two", 1).ShouldBeNull();
        }

        using var now = Store.TryBegin("two", 1).ShouldNotBeNull();
    }

    [Fact]
    public void Those_that_were_of_no_use_for_longest_are_removed()
    {
        for (var number = 0; number < SnapshotStore.Kept; number++)
        {
            File.SetLastWriteTimeUtc(Publish($"{number}").ManifestFile, DateTime.UnixEpoch.AddDays(number));
        }

        SnapshotStore.Touch(Store.Find("0").ShouldNotBeNull());
        Publish("new");

        Store.Find("1").ShouldBeNull();
        Directory.EnumerateDirectories(Snapshots).Count().ShouldBe(SnapshotStore.Kept);
        Store.Find("0").ShouldNotBeNull();
    }

    private Snapshot Publish(string key)
    {
        using var unfinished = Store.TryBegin(key, memory: 1).ShouldNotBeNull();
        File.WriteAllText(unfinished.DeviceFile, "the state of devices");
        var console = _folder.Combine("console.log");
        File.WriteAllText(console, "what was printed\n");
        unfinished.Seal(console, DateTimeOffset.UnixEpoch);
        return unfinished.Publish();
    }
}
