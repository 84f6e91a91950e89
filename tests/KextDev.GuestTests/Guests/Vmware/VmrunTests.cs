using KextDev.Guests.Vmware;
using KextDev.Processes;

namespace KextDev.GuestTests.Guests.Vmware;

/// <summary>vmrun's verbs from end to end, on machines that the stand-in runs.</summary>
[Collection(GuestTurns.Name)]
public sealed class VmrunTests : IAsyncLifetime, IDisposable
{
    private readonly GuestPlace _place = new();
    private StandInMachine _machine = null!;

    public async Task InitializeAsync() => _machine = await StandInMachine.CreateAsync(_place, GuestPlace.Embedded);

    public Task DisposeAsync() => _machine.EndAsync();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task A_machine_is_started_asked_suspended_resumed_and_stopped()
    {
        var vmrun = _machine.Vmrun;
        (await Should.ThrowAsync<VmrunException>(vmrun.SuspendAsync(CancellationToken.None))).Failure.ShouldBe(VmrunFailure.NotRunning);

        await vmrun.StartAsync(CancellationToken.None);
        (await vmrun.ListRunningAsync(CancellationToken.None)).ShouldContain(_machine.Vmx);
        (await Should.ThrowAsync<VmrunException>(vmrun.StartAsync(CancellationToken.None))).Failure.ShouldBe(VmrunFailure.AlreadyRunning);
        var address = await vmrun.GetAddressAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        (await vmrun.CheckToolsAsync(CancellationToken.None)).ShouldBe(ToolsState.Running);

        await vmrun.SuspendAsync(CancellationToken.None);
        (await vmrun.IsRunningAsync(CancellationToken.None)).ShouldBeFalse();
        await vmrun.StartAsync(CancellationToken.None);
        (await vmrun.GetAddressAsync(TimeSpan.FromMinutes(1), CancellationToken.None)).ShouldBe(address);
        File.ReadAllText(_machine.SerialFile).Split("KEXTDEV READY").Length.ShouldBe(2, "a machine that is resumed does not boot");

        await vmrun.StopAsync(CancellationToken.None);
        (await vmrun.IsRunningAsync(CancellationToken.None)).ShouldBeFalse();
        await vmrun.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_machine_without_tools_is_switched_off()
    {
        _machine.Behave("tools unknown");
        await _machine.Vmrun.StartAsync(CancellationToken.None);

        await _machine.Vmrun.StopAsync(CancellationToken.None);

        (await _machine.IsRunningAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_screen_is_captured_for_a_user_of_the_guest_alone()
    {
        _machine.Change(new VmxChange("standIn.guestUser", "root"), new VmxChange("standIn.guestPassword", "s3cret"));
        await _machine.Vmrun.StartAsync(CancellationToken.None);
        await _machine.Vmrun.GetAddressAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        var png = Path.Combine(_place.State.Path, "screen.png");

        (await Should.ThrowAsync<VmrunException>(Knowing("wrong").CaptureScreenAsync("root", png, CancellationToken.None)))
            .Failure.ShouldBe(VmrunFailure.WrongGuestPassword);
        await Knowing("s3cret").CaptureScreenAsync("root", png, CancellationToken.None);

        File.ReadAllBytes(png).AsSpan(1, 3).SequenceEqual("PNG"u8).ShouldBeTrue();
    }

    [Fact]
    public async Task An_encrypted_machine_opens_with_its_password()
    {
        _machine.Change(new VmxChange("encryption.keySafe", "vmware:key/list"), new VmxChange("standIn.password", "s3cret"));

        (await Should.ThrowAsync<VmrunException>(Knowing("wrong").ListSnapshotsAsync(CancellationToken.None))).Failure.ShouldBe(VmrunFailure.WrongMachinePassword);
        (await Knowing("s3cret").ListSnapshotsAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_linked_clone_starts_from_the_snapshots_disk_and_keeps_its_own_changes()
    {
        var disk = Path.Combine(Path.GetDirectoryName(_machine.Vmx)!, "disk.vmdk");
        await new HostCommand("qemu-img", "create", "-q", "-f", "vmdk", disk, "64M").RunAsync(CancellationToken.None);
        _machine.Change(new VmxChange("sata0:0.present", "TRUE"), new VmxChange("sata0:0.fileName", "disk.vmdk"));
        var vmrun = _machine.Vmrun;
        await FillAsync(disk, 1);
        await vmrun.TakeSnapshotAsync("clean", CancellationToken.None);
        (await Should.ThrowAsync<VmrunException>(vmrun.TakeSnapshotAsync("clean", CancellationToken.None))).Failure.ShouldBe(VmrunFailure.SnapshotExists);
        await FillAsync(disk, 2);
        var target = Path.Combine(_place.State.Path, "clone", "clone.vmx");

        (await Should.ThrowAsync<VmrunException>(vmrun.CloneLinkedAsync(target, "none", CancellationToken.None))).Failure.ShouldBe(VmrunFailure.NoSuchSnapshot);
        await vmrun.CloneLinkedAsync(target, "clean", CancellationToken.None);

        var own = VmxFile.Read(target).GetPath("sata0:0.fileName", Path.GetDirectoryName(target)!).ShouldNotBeNull();
        VmxFile.Read(target).Get("displayName").ShouldBe("clone");
        (await IsFilledAsync(own, 1)).ShouldBeTrue();
        await FillAsync(own, 3);
        (await IsFilledAsync(disk, 2)).ShouldBeTrue();
        await vmrun.RevertToSnapshotAsync("clean", CancellationToken.None);
        (await IsFilledAsync(disk, 1)).ShouldBeTrue();

        // The machine still boots with its disk.
        await vmrun.StartAsync(CancellationToken.None);
        await vmrun.GetAddressAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
    }

    private static async Task FillAsync(string disk, int pattern) =>
        await new HostCommand("qemu-io", "-f", "vmdk", "-c", $"write -P {pattern} 0 64k", disk).RunAsync(CancellationToken.None);

    private static async Task<bool> IsFilledAsync(string disk, int pattern)
    {
        var read = await new HostCommand("qemu-io", "-f", "vmdk", "-c", $"read -P {pattern} 0 64k", disk).TryRunAsync(CancellationToken.None);
        return read.ExitCode == 0 && !read.Output.Contains("verification failed", StringComparison.Ordinal);
    }

    private Vmrun Knowing(string password) =>
        new(new VmrunProgram(StandInMachine.VmrunFile, VmwareProduct.Workstation), _machine.Vmx, new VmwarePasswords(_ => password), TimeProvider.System);
}
