using System.Text;
using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

public sealed class PlistWriterTests
{
    [Fact]
    public void Writes_what_Apples_tools_print()
    {
        var value = Dict(
            ("b", new PlistArray([new PlistInteger(-1), new PlistReal(0.1), new PlistArray([]), Dict()])),
            ("a<", new PlistText("x & y > z\r\nü")),
            ("data", new PlistData(Enumerable.Range(0, 60).Select(i => (byte)i).ToArray())),
            ("when", new PlistDate(new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero))),
            ("on", new PlistFlag(true)));
        PlistWriter.WriteXml(value).ShouldBe("""
            <?xml version="1.0" encoding="UTF-8"?>
            <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
            <plist version="1.0">
            <dict>
            	<key>a&lt;</key>
            	<string>x &amp; y &gt; z&#13;
            ü</string>
            	<key>b</key>
            	<array>
            		<integer>-1</integer>
            		<real>0.1</real>
            		<array/>
            		<dict/>
            	</array>
            	<key>data</key>
            	<data>
            	AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEy
            	MzQ1Njc4OTo7
            	</data>
            	<key>on</key>
            	<true/>
            	<key>when</key>
            	<date>2020-01-02T03:04:05Z</date>
            </dict>
            </plist>

            """);
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(double.NaN)]
    [InlineData(double.Epsilon)]
    [InlineData(-1e300)]
    public void Keeps_every_real_number(double number) =>
        PlistReader.Read(Encoding.UTF8.GetBytes(PlistWriter.WriteXml(new PlistReal(number))), "a").Value.ShouldBe(new PlistReal(number));

    [Fact]
    public void Refuses_characters_that_XML_cannot_hold()
    {
        foreach (var text in (string[])["\0", "\u001B[2J", "\uD800", "\uDC00x", "\uFFFF"])
        {
            Should.Throw<ArgumentException>(() => PlistWriter.WriteXml(new PlistText(text)));
        }
    }

    [Fact]
    public void Refuses_a_UID() => Should.Throw<ArgumentException>(() => PlistWriter.WriteXml(new PlistUid(1)));

    private static PlistDict Dict(params (string Key, PlistValue Value)[] entries) =>
        new(entries.ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal));
}
