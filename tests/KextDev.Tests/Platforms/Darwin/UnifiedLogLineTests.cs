using KextDev.Platforms;
using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class UnifiedLogLineTests
{
    [Theory]
    [InlineData("1970-01-01 00:00:01.000002+0000  localhost kernel[0]: sample: loaded", "sample: loaded")]
    [InlineData("1970-01-01 02:00:01.000002+0200  localhost kernel[0]: (com.example.sample) sample: loaded", "sample: loaded")]
    [InlineData("1970-01-01 00:00:01.000002+0000  localhost kernel[0]: <Notice>: (sample) (a) b", "(a) b")]
    public void A_line_has_a_time_and_a_text(string line, string text) => UnifiedLogLine.Parse(line).ShouldBe(new KernelLogLine(1_000_002_000, text));

    [Theory]
    [InlineData("Timestamp                       (process)[PID]    ")]
    [InlineData("1970-99-01 00:00:01.000002+0000  localhost kernel[0]: no such day")]
    [InlineData("1970-01-01 00:00:01.000002+0000  localhost syslogd[12]: another's")]
    public void Others_have_none(string line) => UnifiedLogLine.Parse(line).ShouldBe(new KernelLogLine(null, line));

    [Theory]
    [InlineData("1795303860.123456789\n", 1795303860123456789)]
    [InlineData("1795303860.%N\n", null)]
    [InlineData("1795303860.N\n", null)]
    [InlineData("1795303860", null)]
    [InlineData("", null)]
    public void A_clock_of_whole_seconds_is_none(string text, long? nanoseconds) => DarwinClock.Parse(text).ShouldBe(nanoseconds);
}
