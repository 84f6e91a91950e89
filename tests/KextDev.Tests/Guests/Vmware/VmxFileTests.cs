using System.Text;
using KextDev.Guests.Vmware;

namespace KextDev.Tests.Guests.Vmware;

public sealed class VmxFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("a = \"1\"")]
    [InlineData("a = \"1\"\r\nb=2\r\n# c = \"3\"\r\n")]
    [InlineData("\uFEFF.encoding = \"UTF-8\"\n a\t=\t\"x|22|7Cy\"   # why\r\n\rnonsense\nb = \"open\n= \"no name\"\n a b = \"c\"\n")]
    public void What_is_read_is_written_byte_by_byte(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);

        VmxFile.Parse(bytes).ToBytes().ShouldBe(bytes);
        VmxFile.Parse(bytes).With([new VmxChange("new", "x"), new VmxChange("new", null)]).ToBytes().Length.ShouldBeInRange(bytes.Length, bytes.Length + 1);
    }

    [Fact]
    public void Any_bytes_at_all_are_read_and_written_as_they_are()
    {
        var random = new Random(20261121);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = new byte[random.Next(60)];
            for (var index = 0; index < bytes.Length; index++)
            {
                bytes[index] = random.Next(3) == 0 ? (byte)random.Next(256) : "a=\"|#\r\n \t2"u8[random.Next(10)];
            }

            var file = VmxFile.Parse(bytes);
            file.ToBytes().ShouldBe(bytes);
            var value = Encoding.ASCII.GetString(bytes.Where(one => one < 128).ToArray());
            var changed = VmxFile.Parse(file.With([new VmxChange("added", value)]).ToBytes());
            changed.Get("added").ShouldBe(value);
            changed.All().Where(setting => setting.Key != "added").ShouldBe(file.All());
        }
    }

    [Theory]
    [InlineData("displayName = \"A \\ b\"", "A \\ b")]
    [InlineData("DISPLAYNAME=\"x\"", "x")]
    [InlineData("displayname = bare # comment", "bare")]
    [InlineData("displayName = \"a|22b|7Cc|0Ad\" # \"not this\"", "a\"b|c\nd")]
    [InlineData("displayName = \"a|zz|2\"", "a|zz|2")]
    [InlineData("displayName = \"\"", "")]
    [InlineData("displayName = \"one\"\ndisplayName = \"two\"", "two")]
    [InlineData("#displayName = \"no\"", null)]
    [InlineData("displayName = \"no", null)]
    [InlineData("displayName \"no\"", null)]
    [InlineData("displayName = \"no\" rest", null)]
    public void Reads_a_value(string text, string? expected) => Parse(text).Get("displayName").ShouldBe(expected);

    [Fact]
    public void A_change_keeps_the_comment_the_spacing_the_line_end_and_all_other_lines()
    {
        var file = Parse("#!/usr/bin/vmware\r\n  memsize  =  \"256\"   # MiB\r\nnumvcpus = \"2\"\r\n???\r\n");

        var changed = file.With([new VmxChange("MemSize", "512"), new VmxChange("note", "a\"b|\n\u007f")]);

        Text(changed).ShouldBe("#!/usr/bin/vmware\r\n  memsize  =  \"512\"   # MiB\r\nnumvcpus = \"2\"\r\n???\r\nnote = \"a|22b|7C|0A|7F\"\r\n");
        changed.Get("note").ShouldBe("a\"b|\n\u007f");
    }

    [Fact]
    public void A_setting_is_added_below_a_last_line_without_an_end()
    {
        Text(Parse("a = \"1\"").With([new VmxChange("b", "2")])).ShouldBe("a = \"1\"\nb = \"2\"\n");
        Text(Parse("").With([new VmxChange("b", "2")])).ShouldBe("b = \"2\"\n");
    }

    [Fact]
    public void A_setting_that_is_already_so_is_not_touched()
    {
        const string AsItIs = "a=x\nb = \"|41\"\n";

        Text(Parse(AsItIs).With([new VmxChange("A", "x"), new VmxChange("b", "A")])).ShouldBe(AsItIs);
    }

    [Fact]
    public void A_repeated_name_is_told_and_set_everywhere()
    {
        var file = Parse("a = \"1\"\nb = \"2\"\nA = \"3\"\n");

        file.RepeatedNames.ShouldBe(["a"]);
        Text(file.With([new VmxChange("a", "4")])).ShouldBe("a = \"4\"\nb = \"2\"\nA = \"4\"\n");
        Text(file.With([new VmxChange("a", null)])).ShouldBe("b = \"2\"\n");
    }

    [Theory]
    [InlineData("windows-1252", 1)]
    [InlineData("UTF-8", 2)]
    [InlineData("Shift_JIS", 0)]
    public void Values_are_in_the_encoding_that_the_file_declares(string encoding, int length)
    {
        var file = Parse($".encoding = \"{encoding}\"\n");
        var change = new VmxChange("displayName", "ü");
        if (length == 0)
        {
            Should.Throw<InfrastructureException>(() => file.With([change])).Message.ShouldContain("shift_jis, which lacks");
            return;
        }

        var changed = file.With([change]);

        changed.ToBytes().Length.ShouldBe(file.ToBytes().Length + "displayName = \"\"\n".Length + length);
        VmxFile.Parse(changed.ToBytes()).Get("displayName").ShouldBe("ü");
    }

    [Fact]
    public void A_file_that_declares_nothing_is_read_by_its_bytes()
    {
        VmxFile.Parse("a = \"ü\""u8.ToArray()).Get("a").ShouldBe("ü");
        VmxFile.Parse(Encoding.Latin1.GetBytes("a = \"ü\"")).Get("a").ShouldBe("ü");
        VmxFile.Parse(Encoding.Latin1.GetBytes(".encoding = \"no-such\"\na = \"ü\"")).Get("a").ShouldBe("ü");
    }

    [Fact]
    public void The_difference_shows_what_goes_what_comes_and_what_stands_beside_it()
    {
        var file = Parse("a = \"1\"\nb = \"2\"\nc = \"3\"\nd = \"4\"\ne = \"5\"\nf = \"6\"\n");

        var changed = file.With([new VmxChange("B", "two"), new VmxChange("f", null), new VmxChange("g", "7")]);

        file.DiffTo(changed).ShouldBe([" a = \"1\"", "-b = \"2\"", "+b = \"two\"", " c = \"3\"", " e = \"5\"", "-f = \"6\"", "+g = \"7\""]);
        file.DiffTo(file).ShouldBeEmpty();
    }

    [Fact]
    public void Saving_keeps_the_files_mode_and_a_backup()
    {
        var path = _folder.Write("box.vmx", "a = \"1\"\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var backup = VmxFile.Read(path).With([new VmxChange("a", "2")]).Save(path, DateTimeOffset.UnixEpoch);

        File.ReadAllText(path).ShouldBe("a = \"2\"\n");
        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Path.GetFileName(backup).ShouldBe("box.vmx.19700101-000000.bak");
        File.ReadAllText(backup).ShouldBe("a = \"1\"\n");
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        Should.Throw<InfrastructureException>(() => VmxFile.Read(_folder.Combine("none.vmx"))).Message.ShouldContain("there is no such file");
        Should.Throw<InfrastructureException>(() => VmxFile.Read(_folder.Path)).Message.ShouldContain("it is a folder");
    }

    private static VmxFile Parse(string text) => VmxFile.Parse(Encoding.UTF8.GetBytes(text));

    private static string Text(VmxFile file) => Encoding.UTF8.GetString(file.ToBytes());
}
