using System.Text.Json;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Logs;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Tests.Logs;

public sealed class MergedLogTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private GuestShell _shell = null!;
    private IKernelPlatform _linux = null!;

    public async Task InitializeAsync()
    {
        _shell = await GuestShell.ConnectAsync(GuestEndpoint.ThisMachine, CancellationToken.None);
        _linux = await KernelPlatforms.OpenAsync(GuestPlatform.Linux, _shell, CancellationToken.None);
    }

    public async Task DisposeAsync() => await _shell.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Both_sources_stand_in_the_order_of_their_times()
    {
        await using var journal = new RunJournal(TimeProvider.System);
        using var log = new GuestLog(_folder.Path, journal, TimeProvider.System);
        log.BeginBoot(KernelClock.Uptime);
        log.Take(ChannelLine.Parse("""{"connected":true,"channel":"/dev/sample_log","time":"2026-01-01T00:00:10Z","uptime":10}"""));
        log.Timeline.Begin("one", 11_000_000_000);
        log.Take(ChannelLine.Parse("""{"sequence":2,"uptime":12.5,"level":"info","pid":1,"tid":1,"text":"second"}"""));
        log.Take(ChannelLine.Parse("""{"dropped":4,"total":4,"before":7}"""));
        log.Take(ChannelLine.Parse("""{"sequence":7,"uptime":14.000000001,"level":"error","pid":1,"tid":1,"text":"seventh"}"""));

        Merge(log, """
            [    9.500000] sample: info 5/5 #1: loaded
            and a line that goes on
            [   12.600000] sample: info 1/1 #2: second
            [   13.000000] sample: error 1/1 #2: of another loading
            [   13.500000] e1000: link is up
            [   20.000000] the last
            """);

        Merged().Select(line => $"{line.GetProperty("source")} {(line.TryGetProperty("sequence", out var number) ? number : "-")} {(line.TryGetProperty("test", out var test) ? test : "-")}: {Text(line)}").ShouldBe(
        [
            "kernel 1 -: loaded",
            "kernel - -: and a line that goes on",
            "channel - -: ",
            "channel 2 one: second",
            "channel - one: ",
            "kernel 2 one: of another loading",
            "kernel - one: e1000: link is up",
            "channel 7 one: seventh",
            "kernel - one: the last",
        ]);
        var first = Merged()[0];
        first.GetProperty("time").GetString().ShouldBe("2026-01-01T00:00:09.500000000Z");
        first.GetProperty("uptime").GetDecimal().ShouldBe(9.5m);
        first.GetProperty("level").GetString().ShouldBe("info");
        first.GetProperty("pid").GetInt32().ShouldBe(5);
    }

    [Fact]
    public async Task Each_start_of_the_guest_follows_the_one_before()
    {
        await using var journal = new RunJournal(TimeProvider.System);
        using var log = new GuestLog(_folder.Path, journal, TimeProvider.System);
        log.BeginBoot(KernelClock.Uptime);
        log.Take(ChannelLine.Parse("""{"sequence":1,"uptime":50,"level":"info","tid":1,"text":"of the first"}"""));
        Merge(log, "[   60.000000] sample: info 1/1 #2: it dies");
        log.BeginBoot(KernelClock.Uptime);
        log.Take(ChannelLine.Parse("""{"sequence":2,"uptime":60,"level":"info","tid":1,"text":"it dies"}"""));
        Merge(log, "[    1.000000] it starts");

        Merged().Select(Text).ShouldBe(["of the first", "it dies", "it starts", "it dies"]);
    }

    [Fact]
    public async Task Without_a_kernels_log_it_is_the_channels()
    {
        await using var journal = new RunJournal(TimeProvider.System);
        using var log = new GuestLog(_folder.Path, journal, TimeProvider.System);
        log.BeginBoot(KernelClock.Uptime);
        log.Take(ChannelLine.Parse("hostile \u001b"));
        Merge(log, "");

        Merged().ShouldHaveSingleItem().GetProperty("text").GetString().ShouldBe("hostile \u001b");
    }

    private void Merge(GuestLog log, string kernelLog)
    {
        using var merged = new LogFile(_folder.Combine("merged.jsonl"), note => throw new InvalidOperationException(note));
        new MergedLog("sample", _linux).Append(log, kernelLog, merged);
    }

    private List<JsonElement> Merged() => [.. File.ReadAllLines(_folder.Combine("merged.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];

    private static string Text(JsonElement line) => line.TryGetProperty("text", out var text) ? text.GetString()! : "";
}
