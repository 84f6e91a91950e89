using KextDev.Events;
using KextDev.Guests;
using KextDev.Logs;
using KextDev.Platforms;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Tests.Logs;

public sealed class LogDaemonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string LevelFile => _folder.Combine("level");

    private LogLevelCommands Extension => new($"cat {ShellWord.Quote(LevelFile)}", $"echo \"$level\" >{ShellWord.Quote(LevelFile)}", ["trace", "debug", "info", "warning", "error"], "off");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("info", MessageLevel.Debug, "debug")]
    [InlineData("off", MessageLevel.Trace, "trace")]
    [InlineData("trace", MessageLevel.Debug, "trace")]
    [InlineData("debug", MessageLevel.Debug, "debug")]
    [InlineData("error", MessageLevel.Error, "error")]
    public async Task The_extension_logs_as_much_as_is_wanted_until_the_daemon_ends(string before, MessageLevel wanted, string meanwhile)
    {
        File.WriteAllText(LevelFile, before + "\n");

        (await RunAsync($"cat '{LevelFile}'; exit 7", wanted)).ShouldBe([new OutputLine(meanwhile), new Exited(7)]);

        File.ReadAllText(LevelFile).ShouldBe(before + "\n");
    }

    [Fact]
    public async Task The_extension_logs_as_before_when_somebody_stops_looking()
    {
        File.WriteAllText(LevelFile, "info\n");
        await using var shell = await GuestShell.ConnectAsync(GuestEndpoint.ThisMachine, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var told = shell.StreamAsync(Daemon($"cat '{LevelFile}'; exec sleep 600").WatchCommand(MessageLevel.Trace, Extension), stop.Token).GetAsyncEnumerator();
        (await told.MoveNextAsync()).ShouldBeTrue();
        told.Current.ShouldBe(new OutputLine("trace"));

        await stop.CancelAsync();

        // The shell may say that what it waited for was ended.
        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            while (await told.MoveNextAsync())
            {
            }
        });
        File.ReadAllText(LevelFile).ShouldBe("info\n");
    }

    [Fact]
    public async Task An_extension_that_is_not_loaded_is_waited_for() =>
        (await RunAsync("echo \"$@\"", MessageLevel.Warning)).ShouldBe([new OutputLine("--format json --level warning /dev/it's"), new Exited(0)]);

    [Fact]
    public async Task In_a_run_the_daemon_tells_the_extension_to_log_more_than_it_does_by_itself()
    {
        await using var shell = await GuestShell.ConnectAsync(GuestEndpoint.ThisMachine, CancellationToken.None);

        // Its own number comes first, by which it is told to end.
        var usual = await shell.StreamAsync(Daemon("echo $$ \"$@\"").Command(MessageLevel.Info), CancellationToken.None).ToListAsync();
        usual[1].ShouldBe(new OutputLine($"{((OutputLine)usual[0]).Text} --format json --level info /dev/it's"));
        var more = await shell.StreamAsync(Daemon("echo $$ \"$1 $2 $3 $4 $5 $7\"; cat \"$6\"").Command(MessageLevel.Debug), CancellationToken.None).ToListAsync();
        more[1].ShouldBe(new OutputLine($"{((OutputLine)more[0]).Text} --format json --level debug --config /dev/it's"));
        more[2].ShouldBe(new OutputLine("kernel-level = debug"));
    }

    private async Task<IReadOnlyList<CommandEvent>> RunAsync(string script, MessageLevel level)
    {
        await using var shell = await GuestShell.ConnectAsync(GuestEndpoint.ThisMachine, CancellationToken.None);
        return await shell.StreamAsync(Daemon(script).WatchCommand(level, Extension), CancellationToken.None).ToListAsync();
    }

    private LogDaemon Daemon(string script)
    {
        var path = _folder.Write("the daemon", $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return new LogDaemon(path, "/dev/it's");
    }
}
