
namespace KextDev.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Replaces_a_file_with_one_that_only_its_owner_reads()
    {
        var file = _folder.Write("file", "old");

        AtomicFile.Write(file, stream => stream.Write("new"u8));

        File.ReadAllText(file).ShouldBe("new");
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void Leaves_the_old_file_and_no_other_when_the_writing_fails()
    {
        var file = _folder.Write("file", "old");

        Should.Throw<InvalidOperationException>(() => AtomicFile.Write(file, stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException();
        }));

        File.ReadAllText(file).ShouldBe("old");
        Directory.GetFiles(_folder.Path).ShouldBe([file]);
    }

    [Fact]
    public void Says_that_the_disk_is_full()
    {
        // /dev/full is the kernel's own full disk: what writing to it throws is what a full disk throws.
        var file = _folder.Combine("file");

        var exception = Should.Throw<DiskFullException>(() => AtomicFile.Write(file, _ =>
        {
            using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write);
            full.Write("content"u8);
            full.Flush();
        }));

        exception.Message.ShouldContain(file);
        exception.Message.ShouldContain("the disk is full");
    }
}
