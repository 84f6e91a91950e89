using System.Globalization;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Symbols;
using KextDev.Testing;

namespace KextDev.Tests.Testing;

public sealed class GuestWatchTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("watch").FullName;
    private GuestWatch? _watch;
    private int _time;

    private GuestWatch Watch => _watch!;

    private string Console => Path.Combine(_folder, "console");

    public Task InitializeAsync()
    {
        File.WriteAllText(Console, "");
        _watch = GuestWatch.Begin(new GuestWithConsole(Console), Path.Combine(_folder, "console.log"), start: 0, new CrashSymbols(new SymbolFolders([]), folder: null), new RunJournal(TimeProvider.System));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await Watch.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_new_complaint_is_heard_however_many_there_were_before()
    {
        await PrintAsync(Enumerable.Range(0, 1200).SelectMany(_ => Warning("other_write+0x5/0x10 [other]")));
        var heard = Watch.Complained;
        heard.ShouldBe(1200);
        Watch.ComplaintsSince(heard).ShouldBeEmpty();

        await PrintAsync([.. Warning("other_write+0x5/0x10 [other]"), .. Warning("mine_write+0x5/0x10 [mine]")]);

        Watch.ComplaintsSince(heard).Select(crash => crash.Module).ShouldBe(["other", "mine"]);
    }

    [Fact]
    public async Task Of_ever_other_complaints_the_latest_are_known()
    {
        await PrintAsync(Enumerable.Range(0, 1200).SelectMany(number => Warning($"mine_{number}+0x5/0x10 [mine]")));

        Watch.ComplaintsSince(0).Count.ShouldBe(1000);
        Watch.ComplaintsSince(Watch.Complained - 1).ShouldHaveSingleItem().Function.ShouldBe("mine_1199");
    }

    [Fact]
    public async Task A_console_that_was_silent_tells_of_no_death()
    {
        Watch.HasConsole.ShouldBeFalse();
        await PrintAsync(["[    1.000000] hello"]);
        Watch.HasConsole.ShouldBeTrue();
    }

    private async Task PrintAsync(IEnumerable<string> lines)
    {
        await File.AppendAllLinesAsync(Console, lines);
        await Watch.SettleAsync(CancellationToken.None);
    }

    private IEnumerable<string> Warning(string place)
    {
        var time = string.Create(CultureInfo.InvariantCulture, $"[{10 + (++_time * 2),5}.000000] ");
        return [$"{time}WARNING: CPU: 0 PID: 9 at /src/x.c:3 {place}", $"{time}RIP: 0010:{place}", $"{time}---[ end trace 0000000000000000 ]---"];
    }

    private sealed class GuestWithConsole(string file) : IGuest, ISerialConsole
    {
        public string Name => "mine";

        public string ConsoleFile => file;

        public Task<GuestEndpoint> StartAsync(CancellationToken cancellationToken) => Task.FromResult(GuestEndpoint.ThisMachine);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
