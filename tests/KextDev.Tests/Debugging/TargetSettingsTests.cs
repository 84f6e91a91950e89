using KextDev.Debugging;
using KextDev.Platforms;
using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Debugging;

public sealed class TargetSettingsTests
{
    private static readonly SwVers Catalina = new("Mac OS X", new Version(10, 15, 7), "19H15");

    [Theory]
    [InlineData("", "debug=0x14e kdp_match_name=en0 pmuflags=1 keepsyms=1 -v")]
    [InlineData("debug=0x1000 dart=0 note=\"a b\"", "debug=0x114e dart=0 note=\"a b\" kdp_match_name=en0 pmuflags=1 keepsyms=1 -v")]
    [InlineData("debug=nonsense -v", "debug=0x14e -v kdp_match_name=en0 pmuflags=1 keepsyms=1")]
    [InlineData("debug=0x1 -x debug=0x2000", "debug=0x14f -x kdp_match_name=en0 pmuflags=1 keepsyms=1 -v")]
    public void Debugging_is_added_to_what_is_set(string set, string expected) => new TargetSettings().MergeDarwin(BootArguments.Parse(set), Catalina).ToString().ShouldBe(expected);

    [Fact]
    public void Each_setting_has_its_place()
    {
        var settings = new TargetSettings { DebugFlags = 0x4, Interface = "en1", KernelSuffix = "development", Others = BootArguments.Parse("serial=3 -x kdp_match_name=en7") };

        settings.MergeDarwin(BootArguments.Parse("kcsuffix=release"), Catalina).ToString()
            .ShouldBe("kcsuffix=development debug=0x4 kdp_match_name=en7 pmuflags=1 keepsyms=1 -v serial=3 -x");
    }

    [Fact]
    public void Merging_twice_changes_nothing_more()
    {
        var once = new TargetSettings().MergeDarwin(BootArguments.Parse("mine=1"), Catalina);

        new TargetSettings().MergeDarwin(once, Catalina).ShouldBe(once);
        new TargetSettings().MergeLinux(new TargetSettings().MergeLinux(once)).ShouldBe(new TargetSettings().MergeLinux(once));
    }

    [Fact]
    public void Loading_alone_takes_no_more_than_10_10_asks_for()
    {
        var yosemite = Catalina with { Version = new Version(10, 10, 5) };

        TargetSettings.ForLoading.MergeDarwin(BootArguments.Parse("-v"), yosemite).ToString().ShouldBe("-v kext-dev-mode=1");
        TargetSettings.ForLoading.MergeDarwin(BootArguments.Parse("-v"), Catalina).ToString().ShouldBe("-v");
        new TargetSettings().MergeDarwin(BootArguments.None, yosemite).Get("kext-dev-mode").ShouldBe("1");
    }
}
