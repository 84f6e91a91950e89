using KextDev.Logs;

namespace KextDev.Tests.Logs;

public sealed class LogFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _notes = [];

    private string File_ => _folder.Combine("log.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_ends_at_its_size_and_says_so_once()
    {
        using (var file = new LogFile(File_, _notes.Add, most: 10))
        {
            file.TryWrite("12345").ShouldBeTrue();
            file.TryWrite("ä12").ShouldBeFalse();
            file.TryWrite("a").ShouldBeFalse();
            file.Length.ShouldBe(6);
        }

        File.ReadAllText(File_).ShouldBe("12345\n");
        _notes.ShouldHaveSingleItem().ShouldContain("log.jsonl ends here: it has reached");
    }

    [Fact]
    public void What_was_flushed_can_be_read_and_a_second_one_goes_on()
    {
        using (var file = new LogFile(File_, _notes.Add))
        {
            file.TryWrite("one");
            file.Flush();
            using var reader = new StreamReader(new FileStream(File_, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            reader.ReadToEnd().ShouldBe("one\n");
        }

        using (var file = new LogFile(File_, _notes.Add))
        {
            file.Length.ShouldBe(4);
            file.TryWrite("two");
        }

        File.ReadAllLines(File_).ShouldBe(["one", "two"]);
        _notes.ShouldBeEmpty();
    }

    [Fact]
    public void A_full_disk_is_said_and_ends_it()
    {
        if (!File.Exists("/dev/full"))
        {
            Console.WriteLine("skipped: this system has no /dev/full");
            return;
        }

        using var file = new LogFile("/dev/full", _notes.Add);

        file.TryWrite("one").ShouldBeTrue();
        file.Flush();

        file.TryWrite("two").ShouldBeFalse();
        _notes.ShouldHaveSingleItem().ShouldStartWith("/dev/full ends here: ");
    }
}
