using KextDev.Platforms;
using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class DarwinPlatformTests
{
    private static readonly Guid s_uuid = Guid.Parse("D5E250E6-2461-3794-876E-CAA4357D3152");

    private static DeployedExtension Extension => new("org.example.ring", "normal", "/tmp/x/ring.kext") { Version = "1.2", Uuid = s_uuid };

    [Theory]
    [InlineData("1.2")]
    [InlineData("1.2.0")]
    public void Takes_what_was_built_for_loaded(string version) =>
        DarwinPlatform.Verify(Extension, Row(version, s_uuid)).ShouldBe(KernelAnswer.Yes);

    [Fact]
    public void Believes_a_release_that_shows_no_uuid() => DarwinPlatform.Verify(Extension, Row("1.2", uuid: null)).Accepted.ShouldBeTrue();

    [Fact]
    public void Says_both_uuids_where_another_build_is_loaded()
    {
        var other = Guid.Parse("03666125-F4B7-3705-8577-A80D7BE74AD2");

        var answer = DarwinPlatform.Verify(Extension, Row("1.2", other));

        answer.Accepted.ShouldBeFalse();
        answer.Message.ShouldContain("kextstat shows version 1.2, UUID 03666125-F4B7-3705-8577-A80D7BE74AD2, at 0xffffff7f80000000");
        answer.Message.ShouldContain("the one that was built has UUID D5E250E6-2461-3794-876E-CAA4357D3152");
    }

    [Fact]
    public void Says_both_versions_where_another_one_is_loaded() =>
        DarwinPlatform.Verify(Extension, Row("1.3", s_uuid)).Message.ShouldMatch("version 1.3, .* was built has version 1.2");

    private static KextStatRow Row(string version, Guid? uuid) => new(9, 0, 0xffffff7f80000000, 0x1000, "org.example.ring", version, uuid, []);
}
