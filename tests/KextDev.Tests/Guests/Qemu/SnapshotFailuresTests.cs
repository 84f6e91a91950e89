using KextDev.Guests.Qemu;

namespace KextDev.Tests.Guests.Qemu;

public sealed class SnapshotFailuresTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SnapshotFailures Failures => new(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Are_remembered_by_key()
    {
        Failures.Recall("one").ShouldBeNull();

        Failures.Remember("one", "it hangs");
        Failures.Remember("two", "it panics");

        Failures.Recall("one").ShouldBe("it hangs");
        Failures.Recall("two").ShouldBe("it panics");
        Failures.Recall("three").ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{ "Boot": "another boot of the host", "Failures": { "one": "it hangs" } }""")]
    [InlineData("""{ "Boot": "another boot of the host" }""")]
    public void Are_forgotten_when_the_file_is_of_another_boot_or_makes_no_sense(string content)
    {
        Directory.CreateDirectory(_folder.Combine("snapshots"));
        File.WriteAllText(_folder.Combine("snapshots/failures.json"), content);

        Failures.Recall("one").ShouldBeNull();
        Failures.Remember("one", "it panics");
        Failures.Recall("one").ShouldBe("it panics");
    }
}
