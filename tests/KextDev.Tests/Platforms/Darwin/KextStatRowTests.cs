using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

/// <summary>Rows as releases print them.</summary>
public sealed class KextStatRowTests
{
    [Theory]
    [InlineData("    1   90 0xffffff7f80a16000 0x9d90     0x9d90     com.apple.kpi.bsd (13.4.0)", "com.apple.kpi.bsd", "13.4.0", null, 0)]
    [InlineData("   92    0 0xffffff7f82aa1000 0x6000     0x6000     org.example.ring (1.0.0d1) <7 5 4 3 1>", "org.example.ring", "1.0.0d1", null, 5)]
    [InlineData(
        "    1  104 0xffffff7f80a16000 0x9d90     0x9d90     com.apple.kpi.bsd (16.7.0) DB734CA9-F88D-458E-B84D-0783A5BAA749",
        "com.apple.kpi.bsd", "16.7.0", "DB734CA9-F88D-458E-B84D-0783A5BAA749", 0)]
    [InlineData(
        "   41    0 0xffffff7f835e6000 0xc8000    0xc8000    org.example.ring (1.2.7) D5E250E6-2461-3794-876E-CAA4357D3152 <36 12 7 5 4 3 2 1>",
        "org.example.ring", "1.2.7", "D5E250E6-2461-3794-876E-CAA4357D3152", 8)]
    [InlineData(
        "    1  141 0                  0          0          com.apple.kpi.bsd (20.4.0) 068F99A3-1DB3-31C0-87D5-09942F122BB6 <>",
        "com.apple.kpi.bsd", "20.4.0", "068F99A3-1DB3-31C0-87D5-09942F122BB6", 0)]
    [InlineData("  120    0 0xffffff7f835e6000 0xc8000    0xc8000    org.example.ring (1.2.7) no UUID <5 4>", "org.example.ring", "1.2.7", null, 2)]
    [InlineData("  120    0 0xffffff7f835e6000 0xc8000    0xc8000    x86_64     org.example.ring (1.2.7) <5 4>", "org.example.ring", "1.2.7", null, 2)]
    public void Reads_the_rows_of_every_release(string line, string identifier, string version, string? uuid, int links)
    {
        var row = KextStatRow.Parse(line).ShouldNotBeNull();

        row.Identifier.ShouldBe(identifier);
        row.Version.ShouldBe(version);
        row.Uuid.ShouldBe(uuid is null ? null : Guid.Parse(uuid));
        row.LinkedAgainst.Count.ShouldBe(links);
    }

    [Fact]
    public void Reads_tag_references_address_and_size()
    {
        var row = KextStatRow.Parse("   36    3 0xffffff7f835a1000 0x1a000    0x1a000    org.example.ring (1.2.4) 03666125-F4B7-3705-8577-A80D7BE74AD2 <7 5>").ShouldNotBeNull();

        (row.Index, row.References, row.Address, row.Size).ShouldBe((36, 3, 0xffffff7f835a1000, 0x1a000u));
        row.LinkedAgainst.ShouldBe([7, 5]);
    }

    [Fact]
    public void Passes_over_headers_and_what_kmutil_says_of_itself()
    {
        const string output = """
            Executing: /usr/bin/kmutil showloaded
            No variant specified, falling back to release
            Index Refs Address            Size       Wired      Name (Version) UUID <Linked Against>
                9    2 0xffffff800330a000 0xe000     0xe000     com.apple.kec.Libm (1) 526EF6DE-89A2-334E-A748-F37E33579C6F <5>

            """;

        KextStatRow.ReadAll(output).ShouldHaveSingleItem().Identifier.ShouldBe("com.apple.kec.Libm");
        KextStatRow.ReadAll("").ShouldBeEmpty();
        KextStatRow.ReadAll("Index Refs Address            Size       Wired      Name (Version) <Linked Against>\n").ShouldBeEmpty();
    }

    [Fact]
    public void Quotes_a_line_that_it_does_not_know() =>
        Should.Throw<InfrastructureException>(() => KextStatRow.ReadAll("kextstat: the kernel is on holiday\n")).Message.ShouldContain("'kextstat: the kernel is on holiday'");

    [Theory]
    [InlineData("")]
    [InlineData("99999999999 0 0x1 0x1 0x1 a.b (1)")]
    [InlineData("1 0 0x11111111111111111 0x1 0x1 a.b (1)")]
    [InlineData("1 0 0x1 0x1 0x1 a.b")]
    public void Takes_no_other_line_for_a_row(string line) => KextStatRow.Parse(line).ShouldBeNull();
}
