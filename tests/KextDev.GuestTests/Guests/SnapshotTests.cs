using System.Globalization;
using System.Net;
using System.Net.Sockets;
using KextDev.Guests;
using KextDev.Guests.Qemu;

namespace KextDev.GuestTests.Guests;

/// <summary>Guests that go on from the snapshot of a booted one. All start from the one that the first test made.</summary>
[Collection(GuestTurns.Name)]
public sealed class SnapshotTests(SnapshotPlace shared) : IClassFixture<SnapshotPlace>, IDisposable
{
    private const string RenewCommand = "kextdev-renew \"$renewal\"";
    private const string BecomeInit = "exec " + RenewCommand + " -- \"$server\" /bin/busybox init";

    private readonly GuestPlace _place = shared.Take();

    // Without the search for KVM, which boots afresh and makes none.
    private static GuestDefinition Embedded => SnapshotPlace.Embedded;

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData("embedded")]
    [InlineData("embedded-darwin")]
    public async Task Guests_from_one_snapshot_are_alike_in_nothing_that_is_random_and_know_the_time(string name)
    {
        var definition = GuestDefinition.Find(name, Path.Combine(GuestPlace.Root, "vm")) with { Accelerator = Accelerator.Tcg };
        await using var one = GuestFactory.Create(definition, _place.Site);
        await using var other = GuestFactory.Create(definition, _place.Site);
        var tellings = new List<(string Boot, string Greeting)>();
        foreach (var guest in new[] { one, other })
        {
            var endpoint = await guest.StartAsync(CancellationToken.None);
            var greeting = await GreetAsync(endpoint);
            var before = DateTimeOffset.UtcNow;
            var told = (await RunAsync(endpoint, "cat /proc/sys/kernel/random/boot_id; busybox date +%s")).Split('\n');
            var after = DateTimeOffset.UtcNow;
            long.Parse(told[1], CultureInfo.InvariantCulture).ShouldBeInRange(before.ToUnixTimeSeconds() - 1, after.ToUnixTimeSeconds() + 1);
            Guid.TryParse(told[0], out _).ShouldBeTrue(told[0]);
            tellings.Add((told[0], greeting));
            Console(guest).ShouldContain("KEXTDEV SNAPSHOT ");
        }

        tellings[0].Boot.ShouldNotBe(tellings[1].Boot);
        tellings[0].Greeting.ShouldNotBe(tellings[1].Greeting);
        _place.Notes.ShouldNotContain(note => note.Contains("snapshot", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("devices")]
    public async Task A_damaged_snapshot_is_made_anew(string file)
    {
        var folder = await SaveAsync();
        var saved = File.ReadAllText(Path.Combine(folder, "snapshot.json"));
        using (var damaged = new FileStream(Path.Combine(folder, file), FileMode.Open, FileAccess.ReadWrite))
        {
            damaged.Seek(damaged.Length / 2, SeekOrigin.Begin);
            damaged.Write([0x5a, 0xa5]);
        }

        await using var guest = GuestFactory.Create(Embedded, _place.Site);
        var expected = Expected(guest);
        var endpoint = await guest.StartAsync(CancellationToken.None);

        // Who was sent to the damaged one was called back.
        expected[^2..].ShouldBe([null, endpoint]);
        (await RunAsync(endpoint, "id -un")).ShouldBe("root\n");
        Console(guest).ShouldContain("KEXTDEV SNAPSHOT ");
        File.ReadAllText(Path.Combine(folder, "snapshot.json")).ShouldNotBe(saved);
        _place.Notes.Count(note => note.Contains("is thrown away", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_cold_guest_boots_afresh()
    {
        await SaveAsync();
        await using var guest = GuestFactory.Create(Embedded, _place.Site with { Cold = true });
        var expected = Expected(guest);
        await guest.StartAsync(CancellationToken.None);

        expected.ShouldBeEmpty();
        Console(guest).ShouldNotContain("KEXTDEV SNAPSHOT");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_no_fault_of_the_snapshot()
    {
        var folder = await SaveAsync();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var guest = GuestFactory.Create(Embedded with { Port = port }, _place.Site);

        var message = (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message;

        message.ShouldContain($"port {port} of 127.0.0.1 is in use");
        File.Exists(Path.Combine(folder, "snapshot.json")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_panic_of_a_restored_guest_is_seen()
    {
        await SaveAsync();
        await using var guest = GuestFactory.Create(Embedded, _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        Console(guest).ShouldContain("KEXTDEV SNAPSHOT ");
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

    [Theory]
    [InlineData("false")]
    [InlineData("exec kextdev-renew /dev/absent -- \"$server\" /bin/busybox init")]
    public async Task A_guest_that_never_waits_to_be_saved_boots_and_is_remembered(string renewal)
    {
        await using var guest = GuestFactory.Create(WithRenewal(renewal), _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);

        (await RunAsync(endpoint, "id -un")).ShouldBe("root\n");
        Directory.EnumerateDirectories(shared.Folder, "*.unfinished").ShouldBeEmpty();
        File.ReadAllText(Path.Combine(shared.Folder, "failures.json")).ShouldContain("never waits to be saved");
    }

    [Fact]
    public async Task A_guest_that_does_not_survive_its_snapshot_boots_and_is_remembered()
    {
        var definition = WithRenewal(RenewCommand + " && exit 1");
        foreach (var remembered in new[] { false, true })
        {
            _place.Notes.Clear();
            await using var guest = GuestFactory.Create(definition, _place.Site);
            var endpoint = await guest.StartAsync(CancellationToken.None);

            (await RunAsync(endpoint, "id -un")).ShouldBe("root\n");
            Console(guest).ShouldNotContain("KEXTDEV SNAPSHOT");
            var note = _place.Notes.Single(note => note.Contains("boots afresh", StringComparison.Ordinal));
            note.ShouldContain("panicked or switched itself off");
            note.EndsWith("(remembered).", StringComparison.Ordinal).ShouldBe(remembered, note);
        }
    }

    [Fact]
    public async Task A_server_that_listens_before_it_is_stopped_passes_for_no_guest_that_is_ready()
    {
        const string Stop = "kill -STOP \"$server\"";
        var init = File.ReadAllText(Embedded.InitFile);
        init.ShouldContain(Stop);
        await using var guest = GuestFactory.Create(
            _place.WithInit(init.Replace(Stop, $"{{ sleep 3; {Stop}; }}", StringComparison.Ordinal)) with { Accelerator = Accelerator.Tcg }, _place.Site);

        await guest.StartAsync(CancellationToken.None);
        Console(guest).ShouldContain("KEXTDEV SNAPSHOT ");
    }

    [Fact]
    public async Task A_guest_that_cannot_be_saved_goes_on()
    {
        // It waits for a line of the test's own before it can be saved.
        var definition = WithRenewal($"read -r line <$renewal; {RenewCommand}");
        await using var guest = GuestFactory.Create(definition, _place.Site);
        var starting = guest.StartAsync(CancellationToken.None);
        using var line = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        while (!(await _place.ListAsync()).Any(status => status.Endpoint.Port > 0))
        {
            starting.IsCompleted.ShouldBeFalse();
        }

        Directory.Delete(Directory.EnumerateDirectories(shared.Folder, "*.unfinished").ShouldHaveSingleItem(), recursive: true);
        var machine = QemuFolder.All(_place.State).ShouldHaveSingleItem().ReadState().ShouldNotBeNull();
        await line.ConnectAsync(new UnixDomainSocketEndPoint(QmpSocket.Beside(machine.QmpSocket)));
        await line.SendAsync("go on\n"u8.ToArray());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await new ConsoleLog(machine.ConsoleFile).WaitForLineAsync("KEXTDEV SAVABLE", limit.Token);
        line.Close();

        (await RunAsync(await starting, "id -un")).ShouldBe("root\n");
        _place.Notes.ShouldContain(note => note.Contains("No snapshot of", StringComparison.Ordinal));
    }

    private static List<GuestEndpoint?> Expected(IGuest guest)
    {
        var told = new List<GuestEndpoint?>();
        ((IExpected)guest).Expected = told.Add;
        return told;
    }

    private static string Console(IGuest guest) => File.ReadAllText(((ISerialConsole)guest).ConsoleFile);

    private GuestDefinition WithRenewal(string command)
    {
        var init = File.ReadAllText(Embedded.InitFile);
        init.ShouldContain(BecomeInit);
        return _place.WithInit(init.Replace(BecomeInit, $"{command}; kill -CONT \"$server\"", StringComparison.Ordinal)) with { Accelerator = Accelerator.Tcg };
    }

    /// <summary>Makes sure that there is a snapshot of the embedded guest, and returns its folder.</summary>
    private async Task<string> SaveAsync()
    {
        await using var guest = GuestFactory.Create(Embedded, _place.Site);
        await guest.StartAsync(CancellationToken.None);
        var text = Console(guest);
        const string Mark = "KEXTDEV SNAPSHOT ";
        return Path.Combine(shared.Folder, text[(text.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length)..].Split(' ')[0]);
    }

    /// <summary>The first packet of the guest's SSH server: it begins with 16 random bytes.</summary>
    private static async Task<string> GreetAsync(GuestEndpoint endpoint)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint.Host, endpoint.Port, limit.Token);
        var stream = client.GetStream();
        await stream.WriteAsync("SSH-2.0-test\r\n"u8.ToArray(), limit.Token);
        var octet = new byte[1];
        do
        {
            await stream.ReadExactlyAsync(octet, limit.Token);
        }
        while (octet[0] != '\n');

        // Length, padding length, message number.
        var start = new byte[4 + 1 + 1 + 16];
        await stream.ReadExactlyAsync(start, limit.Token);
        return Convert.ToHexString(start.AsSpan(6));
    }

    private async Task<string> RunAsync(GuestEndpoint endpoint, string command) =>
        (await Ssh.Command(_place, endpoint, command).RunAsync(CancellationToken.None)).Output;
}
