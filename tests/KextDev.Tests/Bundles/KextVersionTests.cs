using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

public sealed class KextVersionTests
{
    [Theory]
    [InlineData("1", 100_009_000, "1.0")]
    [InlineData("1.0.0", 100_009_000, "1.0")]
    [InlineData("1.", 100_009_000, "1.0")]
    [InlineData("1.0.0d1", 100_001_001, "1.0d1")]
    [InlineData("1.2.3a4", 102_033_004, "1.2.3a4")]
    [InlineData("10.4b255", 1_004_005_255, "10.4b255")]
    [InlineData("1.0fc2", 100_007_002, "1.0f2")]
    [InlineData("1.0f2", 100_007_002, "1.0f2")]
    [InlineData("9999.99.99", 999_999_999_000, "9999.99.99")]
    [InlineData("1.5 beta", 105_009_000, "1.5")]
    [InlineData("8.0.0b1", 800_005_001, "8.0b1")]
    public void Reads_a_version_as_the_kernel_does(string text, long number, string printed)
    {
        var version = KextVersion.Parse(text).ShouldNotBeNull();
        version.Number.ShouldBe(number);
        version.ToString().ShouldBe(printed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("v1")]
    [InlineData("12345")]
    [InlineData("1.234")]
    [InlineData("1.2.345")]
    [InlineData("1.2.3.4")]
    [InlineData("1.0d")]
    [InlineData("1.0d256")]
    [InlineData("1.0d1234")]
    [InlineData("1.0fc0")]
    [InlineData("1.0f0")]
    [InlineData("1.0e1")]
    [InlineData("1.0c1")]
    [InlineData("-1")]
    [InlineData(" 1")]
    [InlineData("1.0d1x")]
    [InlineData("1.0 but far too long a text")]
    [InlineData("\u0661.0")]
    public void Refuses_what_the_kernel_refuses(string? text) => KextVersion.Parse(text).ShouldBeNull();

    [Fact]
    public void Orders_stages_before_their_release()
    {
        var texts = new[] { "1.0.1", "1.0", "1.0f1", "1.0b2", "1.0b1", "1.0a9", "1.0d200", "0.9" };
        texts.Select(text => KextVersion.Parse(text)!.Value).Order().Select(version => version.ToString())
            .ShouldBe(["0.9", "1.0d200", "1.0a9", "1.0b1", "1.0b2", "1.0f1", "1.0", "1.0.1"]);
    }

    [Theory]
    [InlineData("7.9.9", false)]
    [InlineData("8.0.0b1", true)]
    [InlineData("8.0.0", true)]
    [InlineData("17.7.0", true)]
    [InlineData("17.7.1", false)]
    public void A_library_serves_from_its_compatible_version_to_its_own(string wanted, bool serves) =>
        new KextVersion(17, 7).Serves(KextVersion.Parse(wanted)!.Value, KextVersion.Parse("8.0.0b1")!.Value).ShouldBe(serves);
}
