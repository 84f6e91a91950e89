using System.Text;
using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

public sealed class PlistReaderTests
{
    private const string Doctype =
        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">";

    [Fact]
    public void Reads_every_kind_of_value()
    {
        var value = Read($"""
            <?xml version="1.0" encoding="UTF-8"?>
            {Doctype}
            <!-- a comment -->
            <plist version="1.0"><dict>
              <key>text</key><string>a &lt;b&gt; &amp; <![CDATA[<c>]]> ü</string>
              <key>empty</key><string/>
              <key>blank</key><string> </string>
              <key>most</key><integer>18446744073709551615</integer>
              <key>least</key><integer>-9223372036854775808</integer>
              <key>hex</key><integer>0x1F</integer>
              <key>real</key><real>-1.5e3</real>
              <key>yes</key><true/>
              <key>no</key><false></false>
              <key>date</key><date>2020-02-29T23:59:58Z</date>
              <key>data</key><data> AQ
                ID </data>
              <key>array</key><array><dict/><array></array></array>
            </dict></plist>
            """);
        value.TextOf("text").ShouldBe("a <b> & <c> ü");
        value.TextOf("empty").ShouldBe("");
        value.TextOf("blank").ShouldBe(" ");
        value["most"].ShouldBe(new PlistInteger(ulong.MaxValue));
        value["least"].ShouldBe(new PlistInteger(long.MinValue));
        value["hex"].ShouldBe(new PlistInteger(31));
        value["real"].ShouldBe(new PlistReal(-1500));
        value["yes"].ShouldBe(new PlistFlag(true));
        value["no"].ShouldBe(new PlistFlag(false));
        value["date"].ShouldBe(new PlistDate(new DateTimeOffset(2020, 2, 29, 23, 59, 58, TimeSpan.Zero)));
        ((PlistData)value["data"]!).Bytes.ToArray().ShouldBe([1, 2, 3]);
        ((PlistArray)value["array"]!).Items.Select(item => item.Kind).ShouldBe(["dict", "array"]);
    }

    [Fact]
    public void Reads_UTF_16_by_its_byte_order_mark()
    {
        var text = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><plist><string>ü</string></plist>";
        byte[] bytes = [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(text)];
        PlistReader.Read(bytes, "a").Value.ShouldBe(new PlistText("ü"));
    }

    [Theory]
    [InlineData("", "PL1101", "a:")]
    [InlineData("hello", "PL1101", "a:1")]
    [InlineData("<html/>", "PL1102", "a:1")]
    [InlineData("<plist/>", "PL1103", "a:1")]
    [InlineData("<plist></plist>", "PL1103", "a:1")]
    [InlineData("<plist><true/>\n<true/></plist>", "PL1104", "a:2")]
    [InlineData("<plist>\ntext</plist>", "PL1105", "a:")]
    [InlineData("<plist>\n\n<number>1</number></plist>", "PL1106", "a:3")]
    [InlineData("<plist>\n<integer>1.5</integer></plist>", "PL1107", "a:2")]
    [InlineData("<plist><integer>18446744073709551616</integer></plist>", "PL1107", "a:1")]
    [InlineData("<plist><integer>-9223372036854775809</integer></plist>", "PL1107", "a:1")]
    [InlineData("<plist><integer>--1</integer></plist>", "PL1107", "a:1")]
    [InlineData("<plist><integer/></plist>", "PL1107", "a:1")]
    [InlineData("<plist><real>much</real></plist>", "PL1107", "a:1")]
    [InlineData("<plist><date>2020-02-30T00:00:00Z</date></plist>", "PL1107", "a:1")]
    [InlineData("<plist><data>A</data></plist>", "PL1107", "a:1")]
    [InlineData("<plist><dict>\n<string/></dict></plist>", "PL1108", "a:2")]
    [InlineData("<plist><dict><key>a</key>\n</dict></plist>", "PL1109", "a:2")]
    [InlineData("<plist><dict><key>a</key><true/>\n<key>a</key><false/></dict></plist>", "PL1004", "a:2")]
    [InlineData("<plist><true>x</true></plist>", "PL1110", "a:1")]
    [InlineData("<plist><string><b/></string></plist>", "PL1111", "a:1")]
    [InlineData("<plist><dict><key>a</key>", "PL1101", "a:1")]
    [InlineData("<plist><string>&unknown;</string></plist>", "PL1101", "a:1")]
    [InlineData("<plist><true/></plist><plist/>", "PL1101", "a:1")]
    public void Refuses_malformed_XML_with_code_and_line(string xml, string code, string where)
    {
        var reading = PlistReader.Read(Encoding.UTF8.GetBytes(xml), "a");
        reading.Value.ShouldBeNull();
        var finding = reading.Findings.ShouldHaveSingleItem();
        finding.Code.ShouldBe(code);
        finding.Where.ShouldStartWith(where);
    }

    [Fact]
    public void Expands_no_entity_of_a_DOCTYPE()
    {
        var reading = PlistReader.Read(
            Encoding.UTF8.GetBytes("<!DOCTYPE plist [<!ENTITY a SYSTEM \"file:///etc/passwd\"><!ENTITY b \"&a;&a;\">]><plist><string>&b;</string></plist>"),
            "a");
        reading.Value.ShouldBeNull();
        reading.Findings.ShouldHaveSingleItem().Code.ShouldBe("PL1101");
    }

    [Theory]
    [InlineData(100, null)]
    [InlineData(100_000, "PL1003")]
    public void Bounds_the_nesting(int depth, string? code)
    {
        var xml = $"<plist>{string.Concat(Enumerable.Repeat("<array>", depth))}<true/>{string.Concat(Enumerable.Repeat("</array>", depth))}</plist>";
        PlistReader.Read(Encoding.UTF8.GetBytes(xml), "a").Findings.Select(finding => finding.Code).SingleOrDefault().ShouldBe(code);
    }

    [Fact]
    public void Bounds_the_number_of_values()
    {
        var xml = $"<plist><array>{string.Concat(Enumerable.Repeat("<true/>", PlistReader.MostValues + 1))}</array></plist>";
        PlistReader.Read(Encoding.UTF8.GetBytes(xml), "a").Findings.ShouldHaveSingleItem().Code.ShouldBe("PL1002");
    }

    [Fact]
    public void Bounds_the_size() =>
        PlistReader.Read(new byte[PlistReader.LargestFile + 1], "a").Findings.ShouldHaveSingleItem().Code.ShouldBe("PL1001");

    [Fact]
    public void Survives_seeded_mutations_of_XML() => PlistMutations.Survive(Encoding.UTF8.GetBytes(
        $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{Doctype}\n<plist version=\"1.0\"><dict><key>a</key><array><integer>1</integer>"
        + "<real>2.5</real><date>2020-01-01T00:00:00Z</date><data>AQID</data><true/></array><key>b</key><string>x&amp;y</string></dict></plist>"));

    private static PlistDict Read(string xml)
    {
        var reading = PlistReader.Read(Encoding.UTF8.GetBytes(xml), "a");
        reading.Findings.ShouldBeEmpty();
        return reading.Value.ShouldBeOfType<PlistDict>();
    }
}
