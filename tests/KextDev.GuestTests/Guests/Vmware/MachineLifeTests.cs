using KextDev.Guests;
using KextDev.Provisioning;

namespace KextDev.GuestTests.Guests.Vmware;

/// <summary>A machine from its making to its end, as the Vm targets see it.</summary>
[Collection(GuestTurns.Name)]
public sealed class MachineLifeTests : IAsyncLifetime, IDisposable
{
    private readonly GuestPlace _place = new();
    private StandInMachine _machine = null!;
    private GuestDefinition _definition = null!;

    public async Task InitializeAsync()
    {
        _machine = await StandInMachine.CreateAsync(_place, GuestPlace.Embedded);
        _definition = _machine.Define();
    }

    public Task DisposeAsync() => _machine.EndAsync();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Is_told_without_being_started()
    {
        (await LookAsync()).ShouldBe(new GuestCondition(GuestPower.Off));

        File.Delete(_machine.Vmx);

        (await LookAsync()).ShouldBe(new GuestCondition(GuestPower.Absent));
        (await GuestFactory.Deletion(_definition, _place.Site)!.FindLossAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Is_saved_while_it_is_off_and_a_restore_starts_it()
    {
        GuestEndpoint endpoint;
        await using (var guest = GuestFactory.Create(_definition, _place.Site))
        {
            var snapshots = (ISnapshots)guest;
            await snapshots.TakeSnapshotAsync("clean", CancellationToken.None);
            (await LookAsync()).ShouldBe(new GuestCondition(GuestPower.Off) { Snapshot = "clean" });

            endpoint = await snapshots.RestoreSnapshotAsync("clean", CancellationToken.None);
            (await LookAsync()).Stays.ShouldBeFalse();
            ((IKeepable)guest).Keep();
        }

        var description = await DescribeGuest.RunAsync(_definition, _place.Site, CancellationToken.None);

        description.Condition.ShouldBe(new GuestCondition(GuestPower.Running) { Endpoint = endpoint, Snapshot = "clean" });
        description.Snapshots.ShouldBe(["clean"]);
        description.System!.System.ShouldStartWith("Linux 6.");
        description.System.SystemIntegrityProtection.ShouldBeNull();
        description.System.BootArguments.ShouldContain("oops=panic");
        description.System.Extensions.ShouldContain("virtio_net");
        var refused = await Should.ThrowAsync<InfrastructureException>(GuestFactory.Deletion(_definition, _place.Site)!.FindLossAsync(CancellationToken.None));
        refused.Message.ShouldContain("Stop it first: ./build.sh VmDown --guest box");
        (await _machine.IsRunningAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Is_deleted_with_all_that_was_said_to_be_lost_and_nothing_else()
    {
        await _machine.Vmrun.TakeSnapshotAsync("clean", CancellationToken.None);
        var neighbour = Path.Combine(Path.GetDirectoryName(_machine.Vmx)!, "notes.txt");
        await File.WriteAllTextAsync(neighbour, "a person's own");
        var deletion = GuestFactory.Deletion(_definition, _place.Site)!;

        var loss = await deletion.FindLossAsync(CancellationToken.None);
        await deletion.DeleteAsync(CancellationToken.None);

        loss[0].ShouldStartWith(_machine.Vmx);
        loss[1].ShouldBe("its snapshots: clean");
        File.Exists(_machine.Vmx).ShouldBeFalse();
        File.Exists(neighbour).ShouldBeTrue();
        (await LookAsync()).Power.ShouldBe(GuestPower.Absent);
        File.Exists(_definition.File).ShouldBeTrue();
    }

    [Fact]
    public async Task Is_not_deleted_while_linked_clones_live_on_it()
    {
        await _machine.Vmrun.TakeSnapshotAsync("clean", CancellationToken.None);
        var clone = Path.Combine(_place.State.Path, "clone", "clone.vmx");
        await _machine.Vmrun.CloneLinkedAsync(clone, "clean", CancellationToken.None);
        var deletion = GuestFactory.Deletion(_definition, _place.Site)!;

        (await Should.ThrowAsync<InfrastructureException>(deletion.DeleteAsync(CancellationToken.None))).Message.ShouldContain(clone);
        File.Exists(_machine.Vmx).ShouldBeTrue();

        File.Delete(clone);
        await deletion.DeleteAsync(CancellationToken.None);
        File.Exists(_machine.Vmx).ShouldBeFalse();
    }

    [Fact]
    public async Task Is_not_deleted_while_somebody_uses_it()
    {
        using var held = FolderLock.TryTake(Path.Combine(_place.State.Guests, "box"));
        var deletion = GuestFactory.Deletion(_definition, _place.Site)!;

        (await Should.ThrowAsync<InfrastructureException>(deletion.FindLossAsync(CancellationToken.None))).Message.ShouldContain("uses it");
        (await Should.ThrowAsync<InfrastructureException>(deletion.DeleteAsync(CancellationToken.None))).Message.ShouldContain("uses it");
        (await LookAsync()).User.ShouldStartWith("process ");
    }

    private Task<GuestCondition> LookAsync() => GuestFactory.LookAsync(_definition, _place.Site, CancellationToken.None);
}
