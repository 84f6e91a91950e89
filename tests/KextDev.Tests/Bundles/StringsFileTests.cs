using System.Text;
using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

public sealed class StringsFileTests
{
    private const string Sample = """
        /* what people
           read */
        "CFBundleName" = "osquery \"beta\"";   // to the line's end
        NSHumanReadableCopyright = "\U00A9 2024\nAll";
        alone;
        """;

    [Fact]
    public void Reads_UTF_8_and_UTF_16_alike()
    {
        foreach (var encoding in (Encoding[])[new UTF8Encoding(false), new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            var entries = StringsFile.Read((byte[])[.. encoding.GetPreamble(), .. encoding.GetBytes(Sample)], "a").Entries.ShouldNotBeNull();
            entries.Count.ShouldBe(3);
            entries["CFBundleName"].ShouldBe("osquery \"beta\"");
            entries["NSHumanReadableCopyright"].ShouldBe("© 2024\nAll");
            entries["alone"].ShouldBe("alone");
        }
    }

    [Fact]
    public void Reads_the_form_of_a_property_list() =>
        StringsFile.Read(Encoding.UTF8.GetBytes("<?xml version=\"1.0\"?><plist><dict><key>a</key><string>b</string></dict></plist>"), "a")
            .Entries.ShouldNotBeNull()["a"].ShouldBe("b");

    [Fact]
    public void Reads_what_it_wrote()
    {
        var entries = new Dictionary<string, string>(StringComparer.Ordinal) { ["b\\"] = "\"x\"\ny", ["a"] = "ü" };
        StringsFile.Read(Encoding.UTF8.GetBytes(StringsFile.Write(entries)), "a").Entries.ShouldNotBeNull()
            .OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .ShouldBe(entries.OrderBy(entry => entry.Key, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("\"a\" = \"b\"", "PL1304", "a:1")]
    [InlineData("\n/* never", "PL1305", "a:2")]
    [InlineData("\"a\" = ;", "PL1306", "a:1")]
    [InlineData("\"a", "PL1307", "a:1")]
    [InlineData("\"a\\", "PL1307", "a:1")]
    [InlineData("\n\n\"\\U12\";", "PL1308", "a:3")]
    public void Refuses_malformed_text_with_code_and_line(string text, string code, string where)
    {
        var finding = StringsFile.Read(Encoding.UTF8.GetBytes(text), "a").Findings.ShouldHaveSingleItem();
        finding.Code.ShouldBe(code);
        finding.Where.ShouldBe(where);
    }

    [Fact]
    public void Refuses_bytes_of_no_encoding() =>
        StringsFile.Read((byte[])[(byte)'"', 0xFF, (byte)'"', (byte)';'], "a").Findings.ShouldHaveSingleItem().Code.ShouldBe("PL1302");

    [Fact]
    public void Survives_seeded_mutations()
    {
        var sound = Encoding.UTF8.GetBytes(Sample);
        var random = new Random(1984);
        for (var round = 0; round < 20_000; round++)
        {
            var damaged = sound.ToArray();
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            var reading = StringsFile.Read(damaged.AsMemory(0, random.Next(damaged.Length + 1)), "a");
            (reading.Entries is null).ShouldBe(reading.Findings.Count == 1);
        }
    }
}
