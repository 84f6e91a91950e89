using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class SwVersTests
{
    [Theory]
    [InlineData("ProductName:\tMac OS X\nProductVersion:\t10.9.5\nBuildVersion:\t13F1911\n", "10.9.5", false, false)]
    [InlineData("ProductName:\tMac OS X\nProductVersion:\t10.12.6\nBuildVersion:\t16G1036\n", "10.12.6", false, true)]
    [InlineData("ProductName:    Mac OS X\r\nProductVersion: 10.15\r\nBuildVersion:   19A583\r\n", "10.15", false, true)]
    [InlineData("ProductName:\tmacOS\nProductVersion:\t11.7.10\nBuildVersion:\t20G1427\n", "11.7.10", true, true)]
    [InlineData("ProductName:\t\tmacOS\nProductVersion:\t\t12.0\nProductVersionExtra:\t(a)\nBuildVersion:\t\t21A1\n", "12.0", true, true)]
    public void Knows_which_commands_a_release_has(string output, string version, bool kmutil, bool unified)
    {
        var system = SwVers.Parse(output);

        system.Version.ShouldBe(Version.Parse(version));
        (system.HasKmutil, system.HasUnifiedLog).ShouldBe((kmutil, unified));
    }

    [Fact]
    public void Takes_warnings_that_repeat_themselves_for_what_they_are() =>
        SwVers.Parse("ProductName:\tmacOS\nProductVersion:\t11.7.10\nBuildVersion:\t20G1427\ndyld: warning, one\ndyld: warning, two\n").Version.ShouldBe(new Version(11, 7, 10));

    [Fact]
    public void Tells_name_and_build() => SwVers.Parse("ProductName:\tmacOS\nProductVersion:\t11\nBuildVersion:\t20A2411\n").ToString().ShouldBe("macOS 11.0 (20A2411)");

    [Theory]
    [InlineData("")]
    [InlineData("sh: sw_vers: not found")]
    [InlineData("ProductVersion:\tten\n")]
    public void Quotes_what_it_does_not_know(string output) =>
        Should.Throw<InfrastructureException>(() => SwVers.Parse(output)).Message.ShouldContain($"'{output.Trim()}'");
}
