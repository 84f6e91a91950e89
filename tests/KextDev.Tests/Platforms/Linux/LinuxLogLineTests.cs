using KextDev.Platforms;
using KextDev.Platforms.Linux;

namespace KextDev.Tests.Platforms.Linux;

public sealed class LinuxLogLineTests
{
    [Theory]
    [InlineData("[   12.345678] sample: loaded", 12_345_678_000, "sample: loaded")]
    [InlineData("[12345.000001] ", 12_345_000_001_000, "")]
    [InlineData("[    0.000000][    T0] Linux version", 0, "Linux version")]
    public void A_line_of_dmesgs_has_a_time(string line, long time, string text) => LinuxLogLine.Parse(line).ShouldBe(new KernelLogLine(time, text));

    [Theory]
    [InlineData("no time")]
    [InlineData("[99999999999.000000] too late")]
    [InlineData("[Sat Nov 21 23:31:00 2026] by the clock")]
    public void Others_have_none(string line) => LinuxLogLine.Parse(line).ShouldBe(new KernelLogLine(null, line));

    [Theory]
    [InlineData("12.34 20.00\n", 12_345_000_000)]
    [InlineData("", null)]
    [InlineData("cat: /proc/uptime: No such file or directory", null)]
    [InlineData("99999999999999999999999999 1", null)]
    [InlineData("-1 1", null)]
    public void The_uptime_is_read_to_the_hundredth(string text, long? nanoseconds) => UptimeFile.Parse(text).ShouldBe(nanoseconds);
}
