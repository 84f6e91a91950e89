using KextDev.Events;
using KextDev.Logs;

namespace KextDev.Tests.Logs;

public sealed class SystemLogMessageTests
{
    [Theory]
    [InlineData("sample", "sample")]
    [InlineData("sample", "com.example.sample")]
    [InlineData("com.example.sample", "com.example.sample")]
    public void A_message_is_taken_apart(string name, string extension) =>
        SystemLogMessage.Parse($"{name}: warning 812/815 #1204: no room: 5", extension).ShouldBe(new SystemLogMessage(MessageLevel.Warning, 812, 815, 1204, "no room: 5"));

    [Theory]
    [InlineData("another: warning 812/815 #1204: no room")]
    [InlineData("sample: loaded")]
    [InlineData("sample: fatal 812/815 #1204: no room")]
    [InlineData("sample: warning 812/815 #99999999999999999999: no room")]
    [InlineData("sample: warning 812/18446744073709551615 #1: no room")]
    [InlineData(" sample: warning 812/815 #1204: no room")]
    public void Other_lines_are_none(string text) => SystemLogMessage.Parse(text, "sample").ShouldBeNull();
}
