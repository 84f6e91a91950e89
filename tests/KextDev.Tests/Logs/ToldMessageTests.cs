using KextDev.Events;
using KextDev.Logs;
using KextDev.Platforms;

namespace KextDev.Tests.Logs;

public sealed class ToldMessageTests
{
    [Fact]
    public void A_message_has_the_guests_time_and_who_logged_it()
    {
        var line = ChannelLine.Parse("""{"sequence":1204,"uptime":12.345678901,"level":"warning","pid":812,"tid":815,"text":"no room"}""");

        ToldMessage.Of(line, KernelClock.Uptime).ShouldBe(new ToldMessage("[   12.345678]", MessageLevel.Warning, "812/815 #1204: no room"));
        ToldMessage.Of(line, KernelClock.WallClock).ShouldBe(new ToldMessage("", MessageLevel.Warning, "812/815 #1204: no room"));
        ToldMessage.Of(new SystemLogMessage(MessageLevel.Warning, 812, 815, 1204, "no room"), 12_345_678_901, KernelClock.Uptime)
            .ShouldBe(ToldMessage.Of(line, KernelClock.Uptime));
    }

    [Fact]
    public void What_is_missing_is_told_and_what_the_daemon_does_is_not()
    {
        ToldMessage.Of(ChannelLine.Parse("""{"dropped":1700,"total":1700}"""), KernelClock.Uptime)!.Text.ShouldBe("(1,700 messages dropped: the kernel had no room for them)");
        ToldMessage.Of(ChannelLine.Parse("""{"lost":0,"total":0,"system_log":1}"""), KernelClock.Uptime).ShouldBeNull();
        ToldMessage.Of(ChannelLine.Parse("""{"connected":true,"channel":"/dev/sample_log"}"""), KernelClock.Uptime).ShouldBeNull();
        ToldMessage.Of(ChannelLine.Parse("no JSON"), KernelClock.Uptime).ShouldBe(new ToldMessage("", Level: null, "no JSON"));
    }
}
