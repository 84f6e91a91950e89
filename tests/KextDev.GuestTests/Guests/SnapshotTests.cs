using System.Globalization;
using KextDev.Guests;

namespace KextDev.GuestTests.Guests;

/// <summary>Guests that go on from the snapshot of a booted one.</summary>
[Collection(GuestTurns.Name)]
public sealed class SnapshotTests : IDisposable
{
    private readonly GuestPlace _place = new(ownCache: true);

    private string Folder => Path.Combine(_place.State.Cache, "snapshots");

    private GuestSite Site => _place.Site;

    // Without the search for KVM, which boots afresh and makes none.
    private static GuestDefinition Embedded => GuestPlace.Embedded with { Accelerator = Accelerator.Tcg };

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData("embedded")]
    [InlineData("embedded-darwin")]
    public async Task Two_guests_from_one_snapshot_are_alike_in_nothing_that_is_random_and_know_the_time(string name)
    {
        var definition = GuestDefinition.Find(name, Path.Combine(GuestPlace.Root, "vm")) with { Accelerator = Accelerator.Tcg };
        await using var one = GuestFactory.Create(definition, Site);
        await using var other = GuestFactory.Create(definition, Site);
        var first = await one.StartAsync(CancellationToken.None);
        var second = await other.StartAsync(CancellationToken.None);

        first.Port.ShouldNotBe(second.Port);
        var snapshot = Saved().ShouldHaveSingleItem();
        Console(one).ShouldStartWith($"KEXTDEV SNAPSHOT {Path.GetFileName(snapshot)} of ");
        Console(other).ShouldStartWith($"KEXTDEV SNAPSHOT {Path.GetFileName(snapshot)} of ");
        var tellings = new List<string[]>();
        foreach (var endpoint in new[] { first, second })
        {
            var before = DateTimeOffset.UtcNow;
            var told = await RunAsync(endpoint, "cat /proc/sys/kernel/random/uuid; busybox date +%s");
            var after = DateTimeOffset.UtcNow;
            var lines = told.Split('\n');
            tellings.Add(lines);
            long.Parse(lines[1], CultureInfo.InvariantCulture).ShouldBeInRange(before.ToUnixTimeSeconds() - 1, after.ToUnixTimeSeconds() + 1);
        }

        tellings[0][0].ShouldNotBe(tellings[1][0]);
        _place.Notes.ShouldNotContain(note => note.Contains("thrown away", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("memory", false)]
    [InlineData("memory", true)]
    [InlineData("devices", false)]
    [InlineData("devices", true)]
    [InlineData("snapshot.json", true)]
    public async Task A_damaged_snapshot_is_made_anew(string file, bool isCut)
    {
        await StartAndEndAsync();
        var path = Path.Combine(Saved().ShouldHaveSingleItem(), file);
        var saved = File.GetCreationTimeUtc(Path.GetDirectoryName(path)!);
        using (var damaged = new FileStream(path, FileMode.Open, FileAccess.ReadWrite))
        {
            if (isCut)
            {
                damaged.SetLength(damaged.Length / 2);
            }
            else
            {
                damaged.Seek(damaged.Length / 2, SeekOrigin.Begin);
                damaged.WriteByte(0x5a);
                damaged.WriteByte(0xa5);
            }
        }

        await using var guest = GuestFactory.Create(Embedded, Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);

        (await RunAsync(endpoint, "id -un")).ShouldBe("root\n");
        Console(guest).ShouldStartWith("KEXTDEV SNAPSHOT ");
        File.GetCreationTimeUtc(Saved().ShouldHaveSingleItem()).ShouldBeGreaterThan(saved);
        _place.Notes.Any(note => note.Contains("thrown away", StringComparison.Ordinal)).ShouldBe(!isCut);
    }

    [Fact]
    public async Task A_cold_guest_boots_afresh_and_neither_makes_a_snapshot_nor_uses_one()
    {
        await using (var cold = GuestFactory.Create(Embedded, Site with { Cold = true }))
        {
            await cold.StartAsync(CancellationToken.None);
        }

        Directory.Exists(Folder).ShouldBeFalse();
        await StartAndEndAsync();

        await using var again = GuestFactory.Create(Embedded, Site with { Cold = true });
        await again.StartAsync(CancellationToken.None);
        Console(again).ShouldNotContain("KEXTDEV SNAPSHOT");
    }

    [Fact]
    public async Task A_guest_of_more_memory_has_a_snapshot_of_its_own()
    {
        await StartAndEndAsync();
        await using var guest = GuestFactory.Create(Embedded with { Memory = 192 }, Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);

        Saved().Count.ShouldBe(2);
        (await RunAsync(endpoint, "id -un")).ShouldBe("root\n");
    }

    [Fact]
    public async Task A_guest_that_cannot_be_renewed_boots_and_is_not_saved()
    {
        var init = File.ReadAllText(Embedded.InitFile).Replace("kextdev-renew", "false", StringComparison.Ordinal);
        await using var guest = GuestFactory.Create(_place.WithInit(init) with { Accelerator = Accelerator.Tcg }, Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);

        Saved().ShouldBeEmpty();
        (await RunAsync(endpoint, "id -un")).ShouldBe("root\n");
        Console(guest).ShouldStartWith("KEXTDEV READY ");
    }

    [Fact]
    public async Task A_panic_of_a_restored_guest_is_seen()
    {
        await StartAndEndAsync();
        await using var guest = GuestFactory.Create(Embedded, Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        Console(guest).ShouldStartWith("KEXTDEV SNAPSHOT ");
        await using var events = ((IMachineEvents)guest).WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        var first = events.MoveNextAsync().AsTask();

        using var cancel = new CancellationTokenSource();
        var crash = Ssh.Command(_place, endpoint, "echo c >/proc/sysrq-trigger").TryRunAsync(cancel.Token);

        (await first).ShouldBeTrue();
        events.Current.ShouldBeOfType<MachinePanicked>();
        Console(guest).ShouldContain("sysrq triggered crash");
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(crash);
    }

    private static string Console(IGuest guest) => File.ReadAllText(((ISerialConsole)guest).ConsoleFile);

    private IReadOnlyList<string> Saved() => [.. Directory.EnumerateDirectories(Folder)];

    private async Task StartAndEndAsync()
    {
        await using var guest = GuestFactory.Create(Embedded, Site);
        await guest.StartAsync(CancellationToken.None);
    }

    private async Task<string> RunAsync(GuestEndpoint endpoint, string command) =>
        (await Ssh.Command(_place, endpoint, command).RunAsync(CancellationToken.None)).Output;
}
