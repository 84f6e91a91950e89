using System.Text.Json;
using KextDev.Events;
using KextDev.Logs;

namespace KextDev.Tests.Logs;

public sealed class ChannelLineTests
{
    private const string Message =
        """{"sequence":123,"time":"2026-11-21T23:31:00.123456789Z","uptime":12.345678901,"level":"warning","pid":1,"tid":7,"text":"no \u001b room","truncated":true,"later":[1]}""";

    [Fact]
    public void A_message_is_understood_and_kept_as_it_is()
    {
        var line = ChannelLine.Parse(Message);

        line.Sequence.ShouldBe(123);
        line.Level.ShouldBe(MessageLevel.Warning);
        line.Text.ShouldBe("no \u001b room");
        line.Process.ShouldBe(1);
        line.Thread.ShouldBe(7);
        line.Uptime.ShouldBe(12_345_678_901);
        line.WallTime.ShouldBe(((DateTimeOffset.Parse("2026-11-21T23:31:00Z", System.Globalization.CultureInfo.InvariantCulture) - DateTimeOffset.UnixEpoch).Ticks * 100) + 123_456_700);
        line.Counts.ShouldBe(LogCounts.None with { Messages = 1 });
        line.Json.ShouldBe(Message);
    }

    [Fact]
    public void What_the_host_knows_is_added()
    {
        var stored = ChannelLine.Parse(Message).With(source: null, "it's \"one\"");

        JsonDocument.Parse(stored).RootElement.GetProperty("test").GetString().ShouldBe("it's \"one\"");
        stored.ShouldEndWith(Message[1..]);
        ChannelLine.ParseStored(stored).With("channel", test: null).ShouldBe("{\"source\":\"channel\"," + stored[1..]);
        ChannelLine.Parse(" { } ").With("channel", "a").ShouldBe("""{"source":"channel","test":"a"}""");
    }

    [Fact]
    public void A_guest_does_not_say_which_test_ran()
    {
        var stored = ChannelLine.Parse("""{"test":"another","sequence":1,"level":"info","source":{},"text":"a"}""").With(source: null, "one");

        JsonDocument.Parse(stored, new JsonDocumentOptions { AllowDuplicateProperties = false }).RootElement.GetProperty("test").GetString().ShouldBe("one");
        stored.ShouldNotContain("another");
        stored.ShouldNotContain("source");
    }

    [Theory]
    [InlineData("""{"dropped":17,"total":40,"before":124}""", 17, 0, 0, 0)]
    [InlineData("""{"dropped":3,"total":43}""", 3, 0, 0, 0)]
    [InlineData("""{"lost":5,"system_log":9}""", 0, 5, 0, 0)]
    [InlineData("""{"unwritten":6,"reason":"No space left on device"}""", 0, 0, 6, 0)]
    [InlineData("""{"damaged":48}""", 0, 0, 0, 48)]
    [InlineData("""{"connected":true,"channel":"/dev/sample_log"}""", 0, 0, 0, 0)]
    [InlineData("""{"dropped":-1,"lost":1e400,"unwritten":"8","damaged":9223372036854775807}""", 0, 0, 0, 0)]
    public void What_did_not_arrive_is_counted(string json, long dropped, long lost, long unwritten, long damaged)
    {
        var line = ChannelLine.Parse(json);

        line.Counts.ShouldBe(new LogCounts(0, dropped, lost, unwritten, damaged, 0));
        line.Sequence.ShouldBeNull();
        line.Level.ShouldBeNull();
        line.Json.ShouldBe(json);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sample: plain text")]
    [InlineData("[1,2]")]
    [InlineData("\"text\"")]
    [InlineData("{\"sequence\":1,\"sequence\":2}")]
    [InlineData("{\"sequence\":1} {\"sequence\":2}")]
    [InlineData("{\"text\":\"\u0001\"}")]
    [InlineData("{\"sequence\":1,\"level\":\"info\",\"text\":\"cut")]
    [InlineData("{\"level\":\"\\ud800\",\"sequence\":1}")]
    [InlineData("{\"a\":[[[[[[[[[[1]]]]]]]]]]}")]
    [InlineData("\ud800 \u0000 \u001b[2J")]
    public void What_is_no_such_object_is_kept_as_text(string text)
    {
        var line = ChannelLine.Parse(text);

        line.Sequence.ShouldBeNull();
        line.Counts.ShouldBe(LogCounts.None);
        var stored = JsonDocument.Parse(line.With(source: null, "one")).RootElement;
        stored.GetProperty("unreadable").GetBoolean().ShouldBeTrue();
        stored.GetProperty("text").GetString().ShouldBe(text.Replace('\ud800', '\ufffd'));
        line.With(source: null, "one").ShouldAllBe(character => !char.IsControl(character));
    }

    [Theory]
    [InlineData("""{"sequence":1,"level":"fatal","text":"a"}""")]
    [InlineData("""{"sequence":1,"level":"7","text":"a"}""")]
    [InlineData("""{"sequence":1,"level":4,"text":"a"}""")]
    [InlineData("""{"level":"error","text":"a"}""")]
    public void Levels_that_there_are_not_are_none(string json) => ChannelLine.Parse(json).Level.ShouldBeNull();

    [Theory]
    [InlineData("""{"uptime":-1,"time":"now"}""")]
    [InlineData("""{"uptime":1e300,"time":"9999-99-99T00:00:00Z"}""")]
    [InlineData("""{"uptime":"1","time":5}""")]
    public void Times_that_are_none_are_none(string json)
    {
        ChannelLine.Parse(json).Uptime.ShouldBeNull();
        ChannelLine.Parse(json).WallTime.ShouldBeNull();
    }
}
