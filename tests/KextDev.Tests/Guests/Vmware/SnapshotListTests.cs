using KextDev.Guests.Vmware;

namespace KextDev.Tests.Guests.Vmware;

public sealed class SnapshotListTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Vmx => _folder.Combine("mac.vmx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tells_what_the_machine_goes_on_from_and_which_clones_exist()
    {
        var clone = _folder.Write("twin/twin.vmx", "");
        _folder.Write("mac.vmsd", $"""
            .encoding = "UTF-8"
            snapshot.lastUID = "2"
            snapshot.current = "2"
            snapshot.numSnapshots = "2"
            snapshot0.uid = "1"
            snapshot0.displayName = "installed"
            snapshot0.numClones = "2"
            snapshot0.clone0 = "{clone}"
            snapshot0.clone1 = "/gone/gone.vmx"
            snapshot1.uid = "2"
            snapshot1.displayName = "with |22kit|22"
            """);

        SnapshotList.Of(Vmx).Current.ShouldBe("with \"kit\"");
        SnapshotList.Of(Vmx).Clones.ShouldBe([clone]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("snapshot.numSnapshots = \"999999999\"\nsnapshot.current = \"7\"\nsnapshot0.numClones = \"-1\"\n")]
    [InlineData("snapshot.numSnapshots = \"many\"\nsnapshot.current = \"\"\n")]
    public void A_file_that_makes_no_sense_tells_nothing(string text)
    {
        _folder.Write("mac.vmsd", text);

        SnapshotList.Of(Vmx).Current.ShouldBeNull();
        SnapshotList.Of(Vmx).Clones.ShouldBeEmpty();
    }

    [Fact]
    public void A_machine_without_snapshots_may_have_no_such_file() => SnapshotList.Of(Vmx).Current.ShouldBeNull();
}
