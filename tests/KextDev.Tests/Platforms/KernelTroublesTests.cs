using KextDev.Platforms;

namespace KextDev.Tests.Platforms;

public sealed class KernelTroublesTests
{
    // A module from outside (4096) without a signature (8192) is no trouble.
    [Theory]
    [InlineData("0\n7\t4\t1\t7\n", "", true)]
    [InlineData("12288\n5\t4\t1\t7\n", "", true)]
    [InlineData("12800\n4\t4\t1\t7\n", "W", false)]
    [InlineData("12928\n1\t4\t1\t7\n", "DW", false)]
    [InlineData("16432\n10\t4\t1\t7\n", "MBL", true)]
    [InlineData("18446744073709551615", "MBDWL", false)]
    [InlineData("", "", false)]
    [InlineData("-512\n-7\n", "", false)]
    [InlineData("184467440737095516150\n99999999999999999999\n", "", false)]
    public void Are_told_apart_from_other_taints(string text, string letters, bool arePrinted) => KernelTroubles.Parse(text).ShouldBe(new KernelTroubles(letters, arePrinted));
}
