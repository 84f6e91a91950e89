using KextDev.Guests;
using KextDev.Guests.Vmware;

namespace KextDev.GuestTests.Guests.Vmware;

[Collection(GuestTurns.Name)]
public sealed class VmwareGuestContractTests : GuestContractTests
{
    private StandInMachine _machine = null!;

    public override async Task InitializeAsync()
    {
        _machine = await StandInMachine.CreateAsync(Place, GuestPlace.Embedded);
        Definition = _machine.Define();

        // Nobody listens at this port.
        Silent = Definition with { Port = 2, StartLimit = 3 };
    }

    public override async Task DisposeAsync()
    {
        await _machine.EndAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Is_off_once_it_is_disposed()
    {
        await using (var guest = Guest())
        {
            await guest.StartAsync(CancellationToken.None);
            (await _machine.IsRunningAsync()).ShouldBeTrue();
            (await Place.ListAsync()).ShouldHaveSingleItem().Name.ShouldBe("box");
        }

        (await _machine.IsRunningAsync()).ShouldBeFalse();
        (await Place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Prints_its_console_into_the_file_of_its_serial_port_and_each_start_begins_it_anew()
    {
        await File.WriteAllTextAsync(_machine.SerialFile, "Kernel panic - not syncing: of an earlier start\n");
        await using var guest = Guest();

        await guest.StartAsync(CancellationToken.None);

        var console = ((ISerialConsole)guest).ConsoleFile;
        console.ShouldBe(_machine.SerialFile);
        var text = await File.ReadAllTextAsync(console);
        text.ShouldContain("KEXTDEV READY");
        text.ShouldNotContain("earlier start");
        (await File.ReadAllTextAsync(console + ".previous")).ShouldContain("earlier start");
    }

    [Fact]
    public async Task A_machine_without_a_console_says_so_at_its_start()
    {
        _machine.Change(new VmxChange("serial0.fileType", "device"));
        await using var guest = Guest();

        await guest.StartAsync(CancellationToken.None);

        guest.ShouldNotBeAssignableTo<ISerialConsole>();
        Place.Notes.ShouldContain(note => note.Contains("no serial console", StringComparison.Ordinal) && note.Contains("serial0.fileName", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Goes_back_to_a_snapshot_with_its_memory_and_to_its_own_at_each_start()
    {
        Definition = _machine.Define(", \"snapshot\": \"clean\"");
        await _machine.Vmrun.StartAsync(CancellationToken.None);
        await using (var joined = Guest())
        {
            var endpoint = await joined.StartAsync(CancellationToken.None);
            Place.Notes.ShouldContain(note => note.Contains("not restored to 'clean'", StringComparison.Ordinal));
            var snapshots = (ISnapshots)joined;
            await RunAsync(endpoint, "touch /tmp/before");
            await snapshots.TakeSnapshotAsync("clean", CancellationToken.None);
            await RunAsync(endpoint, "touch /tmp/after");
            (await snapshots.ListSnapshotsAsync(CancellationToken.None)).ShouldBe(["clean"]);

            (await snapshots.RestoreSnapshotAsync("clean", CancellationToken.None)).ShouldBe(endpoint);

            (await RunAsync(endpoint, "ls /tmp")).ShouldBe("before\n");
            await RunAsync(endpoint, "touch /tmp/later");
            await joined.StopAsync(CancellationToken.None);
        }

        await using var fresh = Guest();
        (await RunAsync(await fresh.StartAsync(CancellationToken.None), "ls /tmp")).ShouldBe("before\n");
        ((IKeepable)fresh).Joined.ShouldBeFalse();
    }

    [Fact]
    public async Task A_snapshot_that_is_not_there_is_told_before_anything_starts()
    {
        Definition = _machine.Define(", \"snapshot\": \"clean\"");
        await using var guest = Guest();

        var message = (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message;

        message.ShouldContain("The snapshot does not exist");
        message.ShouldContain("\"snapshot\" in the guest's definition");
        (await _machine.IsRunningAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task Player_takes_no_snapshots_and_that_is_said_at_once()
    {
        Definition = _machine.Define(", \"snapshot\": \"clean\", \"product\": \"player\"");
        await using var guest = Guest();

        (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message.ShouldContain("Player takes no snapshots");
    }

    [Fact]
    public async Task Is_found_by_its_lease_when_its_tools_tell_nothing()
    {
        _machine.Behave("tools unknown");
        await CheckFoundByLeaseAsync();
    }

    [Fact]
    public async Task Is_found_by_its_lease_when_its_tools_tell_the_hosts_address()
    {
        _machine.Behave("address 192.168.8.1");
        await CheckFoundByLeaseAsync();
    }

    [Fact]
    public async Task A_guest_that_no_way_leads_to_is_told_with_all_that_was_tried()
    {
        _machine.Behave("address 192.168.8.1");
        Definition = _machine.Define(", \"startLimit\": 3");
        await using var guest = Guest();

        var message = (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message;

        message.ShouldContain("ends in .1");
        message.ShouldContain("has no lease in");
        message.ShouldContain("startLimit");
        message.ShouldContain("its console");
        (await _machine.IsRunningAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task An_error_that_vmrun_prints_with_exit_code_0_is_one()
    {
        _machine.Behave("error start Insufficient permissions in the host operating system");
        await using var guest = Guest();

        (await Should.ThrowAsync<InfrastructureException>(guest.StartAsync(CancellationToken.None))).Message.ShouldContain("belong to another user");
        (await Place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_guest_whose_owner_was_killed_is_ended_by_the_next_start()
    {
        using var owner = await GuestOwner.StartAsync(Place, Definition.File);
        (await Place.ListAsync()).ShouldHaveSingleItem().User.ShouldNotBeNull();
        (await Should.ThrowAsync<InfrastructureException>(Guest().StartAsync(CancellationToken.None))).Message.ShouldContain("in use by process");
        await owner.KillAsync();

        await using var guest = Guest();
        await guest.StartAsync(CancellationToken.None);

        ((IKeepable)guest).Joined.ShouldBeFalse();
        Place.Notes.ShouldContain(note => note.Contains("Ending the guest box", StringComparison.Ordinal));
    }

    private protected override async Task BegunAsync(Task starting)
    {
        while (!await _machine.IsRunningAsync())
        {
            starting.IsCompleted.ShouldBeFalse();
        }
    }

    private async Task CheckFoundByLeaseAsync()
    {
        var leases = Path.Combine(Place.State.Path, "dhcpd.leases");
        _machine.Change(new VmxChange("standIn.leases", leases));
        await using var guest = GuestFactory.Create(Definition, Place.Site with { DhcpLeases = leases });

        var endpoint = await guest.StartAsync(CancellationToken.None);

        (await File.ReadAllTextAsync(leases)).ShouldContain($"lease {endpoint.Host} ");
        (await RunAsync(endpoint, "id -un")).ShouldBe("root\n");
    }
}
