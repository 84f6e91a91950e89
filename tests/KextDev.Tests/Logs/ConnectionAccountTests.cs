using System.Text.Json;
using KextDev.Events;
using KextDev.Logs;

namespace KextDev.Tests.Logs;

public sealed class ConnectionAccountTests
{
    private const string Connected = """{"connected":true,"uptime":12.5,"loaded":11.5}""";

    [Fact]
    public void What_is_stored_or_counted_is_all_that_the_kernel_sent() =>
        Sum(Connected, Message(1), Message(2), """{"dropped":3,"total":3,"before":6}""", Message(6), """{"unwritten":4,"reason":"x"}""", End(sent: 15, unwanted: 5))
            .ShouldBe(LogCounts.None with { Messages = 3, Dropped = 3, Unwritten = 4, Sent = 10 });

    [Theory]
    [InlineData(4, 2)]
    [InlineData(1, 1)]
    public void What_does_not_add_up_is_missing(long sent, long missing) =>
        Sum(Connected, Message(1), Message(3), End(sent, unwanted: 0)).ShouldBe(LogCounts.None with { Messages = 2, Sent = sent, Missing = missing });

    [Fact]
    public void Each_connection_has_an_account_of_its_own() =>
        Sum(Connected, Message(1), End(1, 0), Connected, Message(7), End(1, 0)).ShouldBe(LogCounts.None with { Messages = 2, Sent = 2 });

    [Theory]
    [InlineData("""{"disconnected":true,"messages":1,"total":0}""")]
    [InlineData("""{"disconnected":true,"sent":"9"}""")]
    [InlineData("""{"disconnected":1,"sent":9}""")]
    public void Nothing_is_missing_where_the_kernel_could_not_tell(string end) =>
        Sum(Connected, Message(1), end).ShouldBe(LogCounts.None with { Messages = 1 });

    [Fact]
    public void A_connection_that_was_cut_has_no_end() =>
        Sum(Connected, Message(1), Connected, Message(9), End(1, 0), End(77, 0)).ShouldBe(LogCounts.None with { Messages = 2, Sent = 1 });

    [Fact]
    public void What_was_lost_is_counted_once_for_each_loading() =>
        Sum(
            Connected, Lost(7, 7), Lost(2, 9), Connected, Lost(10, 10),
            """{"connected":true,"loaded":99.5}""", Lost(4, 4),
            """{"connected":true}""", Lost(5, 5)).ShouldBe(LogCounts.None with { Lost = 19 });

    [Fact]
    public void A_hostile_guest_makes_no_sum_overflow()
    {
        var account = new ConnectionAccount();
        account.Add(ChannelLine.Parse(Connected));
        account.Add(ChannelLine.Parse(End(long.MaxValue, long.MinValue))).ShouldBe(LogCounts.None);
        account.Add(ChannelLine.Parse(Connected));
        account.Add(ChannelLine.Parse(End(0, long.MaxValue))).Missing.ShouldBe(0);
    }

    [Fact]
    public void Its_line_says_how_many_are_missing_of_how_many()
    {
        var end = ChannelLine.Parse("""{"disconnected":true,"uptime":12.25}""");

        var line = JsonDocument.Parse(ConnectionAccount.Missing(end, LogCounts.None with { Missing = 3, Sent = 40 }).With(source: null, "one")).RootElement;

        line.GetProperty("missing").GetInt64().ShouldBe(3);
        line.GetProperty("sent").GetInt64().ShouldBe(40);
        line.GetProperty("uptime").GetDecimal().ShouldBe(12.25m);
        line.GetProperty("test").GetString().ShouldBe("one");
    }

    private static LogCounts Sum(params string[] lines)
    {
        var account = new ConnectionAccount();
        return lines.Aggregate(LogCounts.None, (sum, line) => sum + account.Add(ChannelLine.Parse(line)));
    }

    private static string Message(int sequence) => $$"""{"sequence":{{sequence}},"level":"info","text":"x"}""";

    private static string Lost(int count, int total) => $$"""{"lost":{{count}},"total":{{total}},"system_log":0}""";

    private static string End(long sent, long unwanted) => $$"""{"disconnected":true,"reason":"stopped","sent":{{sent}},"unwanted":{{unwanted}}}""";
}
