using System.Globalization;
using System.Text;
using KextDev.Guests.Images;

namespace KextDev.Tests.Guests.Images;

public sealed class CpioArchiveTests
{
    [Fact]
    public void Writes_headers_names_and_contents_as_newc_wants_them()
    {
        var archive = new CpioArchive();
        archive.AddText("bin/tool", "12345", "755");
        archive.AddLink("tool", "bin/tool");

        var entries = Parse(Bytes(archive));

        entries.Select(entry => entry.Name).ShouldBe(["bin", "bin/tool", "tool", "TRAILER!!!"]);
        entries.Select(entry => Convert.ToString(entry.Mode, 8)).ShouldBe(["40755", "100755", "120777", "0"]);
        entries.Select(entry => entry.Content).ShouldBe(["", "12345", "bin/tool", ""]);
        entries.Take(3).Select(entry => entry.Inode).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void The_same_content_gives_the_same_bytes_in_whatever_order_it_came()
    {
        var one = new CpioArchive();
        one.AddText("a/1", "one");
        one.AddText("a-b", "two");
        one.AddFolder("tmp", "1777");
        var other = new CpioArchive();
        other.AddFolder("tmp", "1777");
        other.AddText("a-b", "two");
        other.AddText("a/1", "one");

        Bytes(one).ShouldBe(Bytes(other));
    }

    [Fact]
    public void A_folder_comes_before_what_is_in_it()
    {
        var archive = new CpioArchive();
        archive.AddText("a/b/c", "");
        archive.AddText("a.txt", "");
        archive.AddFolder("a/b", "700");

        var entries = Parse(Bytes(archive));

        entries.Select(entry => entry.Name).ShouldBe(["a", "a.txt", "a/b", "a/b/c", "TRAILER!!!"]);
        Convert.ToString(entries[2].Mode, 8).ShouldBe("40700");
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc")]
    [InlineData("a/../b")]
    [InlineData("a//b")]
    public void Refuses_a_path_that_leads_out(string path) => Should.Throw<ArgumentException>(() => new CpioArchive().AddText(path, ""));

    private static byte[] Bytes(CpioArchive archive)
    {
        using var stream = new MemoryStream();
        archive.WriteTo(stream);
        return stream.ToArray();
    }

    // A reader of its own, after the kernel's description of the format.
    private static List<Entry> Parse(byte[] bytes)
    {
        var entries = new List<Entry>();
        for (var at = 0; at < bytes.Length;)
        {
            at.ShouldBe(at & ~3, "headers lie on multiples of four");
            Encoding.ASCII.GetString(bytes, at, 6).ShouldBe("070701");
            var fields = Enumerable.Range(0, 13)
                .Select(index => int.Parse(Encoding.ASCII.GetString(bytes, at + 6 + (8 * index), 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                .ToList();
            fields.Skip(2).Take(2).ShouldAllBe(owner => owner == 0);
            fields[5].ShouldBe(0);
            var name = Encoding.UTF8.GetString(bytes, at + 110, fields[11] - 1);
            bytes[at + 110 + fields[11] - 1].ShouldBe((byte)0);
            at = Align(at + 110 + fields[11]);
            entries.Add(new Entry(name, fields[0], fields[1], Encoding.UTF8.GetString(bytes, at, fields[6])));
            at = Align(at + fields[6]);
        }

        return entries;
    }

    private static int Align(int position) => (position + 3) & ~3;

    private sealed record Entry(string Name, int Inode, int Mode, string Content);
}
