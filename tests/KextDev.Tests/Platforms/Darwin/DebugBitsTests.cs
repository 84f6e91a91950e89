using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class DebugBitsTests
{
    [Theory]
    [InlineData("DB_HALT,DB_KPRT", 0x9)]
    [InlineData("db_nmi, arp", 0x44)]
    [InlineData("DB_NMI|DB_ARP+DB_LOG_PI_SCRN", 0x144)]
    [InlineData("0x14e", 0x14e)]
    [InlineData("", 0)]
    public void Bits_are_given_by_name_or_number(string names, int bits) => DebugBits.Parse(names).ShouldBe((uint)bits);

    [Theory]
    [InlineData("DB_HALTT", "DB_HALT")]
    [InlineData("0xzz", "0xzz")]
    [InlineData("DB_", "DB_NMI")]
    public void An_unknown_name_is_refused_with_those_that_there_are(string names, string mentioned) =>
        Should.Throw<InfrastructureException>(() => DebugBits.Parse(names)).Message.ShouldContain(mentioned);

    [Theory]
    [InlineData("0x14E", 0x14e)]
    [InlineData("332", 332)]
    [InlineData("0514", 332)]
    [InlineData("0b101", 5)]
    [InlineData("0", 0)]
    [InlineData("", 1)]
    [InlineData("0x", null)]
    [InlineData("0x1ffffffff", null)]
    [InlineData("-1", null)]
    [InlineData("abc", null)]
    public void Numbers_are_read_as_XNU_reads_them(string value, int? bits) => DebugBits.Read(value).ShouldBe((uint?)bits);

    [Fact]
    public void They_are_told_by_their_names() => DebugBits.Describe(0x44).ShouldBe("0x44 (DB_NMI, DB_ARP)");
}
