using System.Text.Json;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Logs;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Tests.Logs;

/// <summary>A daemon that is a shell script, on this machine: what it prints is stored.</summary>
public sealed class LogCollectorTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Heard _heard = new();
    private readonly RunJournal _journal;
    private readonly GuestLog _log;
    private readonly CancellationTokenSource _died = new();
    private GuestShell _shell = null!;
    private IKernelPlatform _linux = null!;

    public LogCollectorTests()
    {
        _journal = new RunJournal(TimeProvider.System, _heard);
        _log = new GuestLog(_folder.Path, _journal, TimeProvider.System);
    }

    public async Task InitializeAsync()
    {
        _shell = await GuestShell.ConnectAsync(GuestEndpoint.ThisMachine, CancellationToken.None);
        _linux = await KernelPlatforms.OpenAsync(GuestPlatform.Linux, _shell, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _shell.DisposeAsync();
        await _journal.DisposeAsync();
    }

    public void Dispose()
    {
        _died.Dispose();
        _log.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Lines_are_stored_with_their_tests_and_the_last_ones_when_it_ends()
    {
        var collector = await StartAsync("""
            trap 'say "{\"dropped\":17,\"total\":17}"; exit 0' TERM
            say '{"connected":true,"channel":"it"}'
            message 1 info before
            wait_for go
            message 2 warning under 9
            while :; do sleep 0.05; done
            """);
        await collector.BeginAsync("one", CancellationToken.None);
        File.WriteAllText(_folder.Combine("go"), "");
        await _heard.WaitForAsync(told => told is MessageLogged);
        await collector.EndAsync();

        var lines = Stored();
        lines.Select(line => line.TryGetProperty("test", out var test) ? test.GetString() : null).ShouldBe([null, null, "one", "one"]);
        lines[2].GetProperty("text").GetString().ShouldBe("under");
        _heard.Events.OfType<MessageLogged>().ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            it => it.Test.ShouldBe("one"),
            it => it.Text.ShouldBe("under"));
        _log.Counts.ShouldBe(LogCounts.None with { Messages = 2, Dropped = 17 });
        collector.RecentOf("one").ShouldBe(["warning 5/6 #2: under"]);
        _heard.Notes.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_daemon_that_fails_is_said_once_with_its_words()
    {
        var collector = await StartAsync("""
            message 1 info a
            echo 'kextlogd: no such thing' >&2
            exit 3
            """);
        await _heard.WaitForAsync(told => told is NoteGiven);
        await collector.BeginAsync("one", CancellationToken.None);
        await collector.EndAsync();

        _heard.Notes.ShouldHaveSingleItem().ShouldEndWith("ended with exit code 3: kextlogd: no such thing.");
        Stored().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Where_the_guest_answers_no_more_nobody_asks_the_daemon_to_end()
    {
        var collector = await StartAsync("""
            trap '' TERM
            say '{"connected":true}'
            while :; do sleep 0.1; done
            """);
        collector.Abandon();
        await collector.EndAsync();

        Stored().Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_a_guest_that_dies_had_sent_is_there()
    {
        var collector = await StartAsync("""
            say '{"connected":true}'
            message 1 error 'the last words'
            while :; do sleep 0.1; done
            """);
        await _heard.WaitForAsync(told => told is MessageLogged);
        await _died.CancelAsync();
        await collector.EndAsync();

        Stored().Count.ShouldBe(2);
        _heard.Notes.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_flood_is_stored_whole()
    {
        const int Messages = 20_000;
        var collector = await StartAsync($$"""
            say '{"connected":true}'
            awk 'BEGIN { for (n = 1; n <= {{Messages}}; n++) printf "{\"sequence\":%d,\"level\":\"error\",\"text\":\"x\"}\n", n }'
            exec sleep 600
            """);
        await _heard.WaitForAsync(_ => _log.Counts.Messages == Messages, () => _log.Counts.Messages == Messages);
        await collector.EndAsync();

        Stored().Skip(1).Select(line => line.GetProperty("sequence").GetInt32()).ShouldBe(Enumerable.Range(1, Messages));
        (_heard.Events.OfType<MessageLogged>().Count() + _heard.Events.OfType<MessagesOmitted>().Sum(omitted => omitted.Count)).ShouldBe(Messages);
    }

    private Task<LogCollector> StartAsync(string script)
    {
        var daemon = _folder.Write("kextlogd", $$"""
            #!/bin/sh
            cd '{{_folder.Path}}'
            say() { printf '%s\n' "$1"; }
            # The clock has no more digits: the last one says that the test's start in the same hundredth of a second was before.
            message() { read -r up rest </proc/uptime; say "{\"sequence\":$1,\"uptime\":$up$4,\"level\":\"$2\",\"pid\":5,\"tid\":6,\"text\":\"$3\"}"; }
            wait_for() { while [ ! -e "$1" ]; do sleep 0.05; done; }
            {{script}}
            """);
        File.SetUnixFileMode(daemon, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return LogCollector.StartAsync(
            _shell, _linux, new LogDaemon(daemon, "/dev/sample_log"), MessageLevel.Info, _log, sentence => _journal.Publish(new NoteGiven(sentence)), _died.Token, CancellationToken.None);
    }

    private List<JsonElement> Stored() => [.. File.ReadAllLines(_log.File).Select(line => JsonDocument.Parse(line).RootElement)];

    private sealed class Heard : IRunReport
    {
        private readonly Lock _order = new();
        private readonly List<RunEvent> _events = [];

        public IReadOnlyList<RunEvent> Events
        {
            get
            {
                lock (_order)
                {
                    return [.. _events];
                }
            }
        }

        public IEnumerable<string> Notes => Events.OfType<NoteGiven>().Select(note => note.Sentence);

        public void Receive(RunEvent runEvent)
        {
            lock (_order)
            {
                _events.Add(runEvent);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public async Task WaitForAsync(Func<RunEvent, bool> wanted, Func<bool>? met = null)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (met is null ? !Events.Any(wanted) : !met())
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
            }
        }
    }
}
