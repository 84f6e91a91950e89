using KextDev.Guests;
using KextDev.Hosts;
using KextDev.Provisioning;
using KextDev.Reports;
using Nuke.Common;
using Serilog;

internal interface IVmProvision : IVmConfigure, IVm
{
    [Parameter("VmSnapshot saves a guest under this name; VmRestore takes it back to it.")]
    string? Snapshot => TryGetValue(() => Snapshot);

    [Parameter("VmProvision logs in as this user, with a password, while the guest does not know the key. Default: the guest's user. KEXTDEV_GUEST_PASSWORD has the password, or it is asked for.")]
    string? Login => TryGetValue(() => Login);

    [Parameter("VmProvision gives the guest this name.")]
    string? Hostname => TryGetValue(() => Hostname);

    [Parameter("VmProvision installs this Kernel Debug Kit, a .dmg or .pkg as Apple ships it, in a macOS guest.")]
    string? DebugKit => TryGetValue(() => DebugKit);

    Target VmSnapshot => _ => _
        .Description("Saves a guest as it is under the name of --snapshot.")
        .Requires(() => Snapshot)
        .Executes(() => WorkAsync(async token =>
        {
            var definition = FindGuests(LoadProject())[0];
            await using var guest = GuestFactory.Create(definition, Site);
            await TakingSnapshots(guest, definition).TakeSnapshotAsync(Snapshot!, token);
            Log.Information("Guest {Name} is saved as {Snapshot}. ./build.sh VmRestore --guest {Definition} --snapshot {Snapshot} goes back to it", guest.Name, Snapshot, definition.Name, Snapshot);
        }));

    Target VmRestore => _ => _
        .Description("Takes a guest back to the snapshot of --snapshot, and leaves it up. What happened to it since is lost.")
        .Requires(() => Snapshot)
        .Executes(() => WorkAsync(async token =>
        {
            var definition = FindGuests(LoadProject())[0];
            await using var guest = GuestFactory.Create(definition, Site);
            var endpoint = await TakingSnapshots(guest, definition).RestoreSnapshotAsync(Snapshot!, token);
            (guest as IKeepable)?.Keep();
            KextDev.Testing.KnownCrashes.Forget(State, definition.Name);
            Log.Information("Guest {Name} is what it was at {Snapshot}, and up at {Host}:{Port}", guest.Name, Snapshot, endpoint.Host, endpoint.Port);
        }));

    Target VmCreate => _ => _
        .Description("Makes the machine of --guest from its definition: an embedded guest's image; for VMware a machine with a copy of a disk, an embedded guest's system, or a linked clone. Overwrites nothing.")
        .Requires(() => Guest)
        .Executes(() => WorkAsync(async token =>
        {
            var definition = FindGuests(LoadProject())[0];
            var creation = GuestFactory.Creation(definition, Site)
                ?? throw new TargetFailedException($"The guest {definition.Name} cannot be made: it is a machine of its own, reached by SSH alone. Switch it on, and its SSH server");
            await RequireAsync(definition.Driver == GuestDriver.Vmware ? HostNeed.VirtualDisks : HostNeed.Kernel, token);
            var made = await creation.CreateAsync(token);
            Log.Information("{Made}. ./build.sh VmUp --guest {Guest} starts it", made, Guest);
        }));

    Target VmProvision => _ => _
        .Description("Sets up the system of --guest for tests, over SSH: key, sudo, sshd, no sleep, no updates, no dialogs, folders for reports. Changes nothing that is as it should be; saves the snapshot that runs go back to.")
        .Requires(() => Guest)
        .Executes(() => WorkAsync(async token =>
        {
            var definition = FindGuests(LoadProject())[0];
            var options = new ProvisionOptions(RootDirectory / "vm" / "provision", Login, Hostname, DebugKit is null ? null : Path.GetFullPath(DebugKit));
            var report = await new ProvisionGuest(options, Site).RunAsync(definition, token);
            foreach (var step in report.Steps)
            {
                Console.WriteLine($"{step.Outcome.ToString().ToLowerInvariant(),-8} {step.Name,-9} {PrintableText.Of(step.Words.Split('\n'))}".TrimEnd());
            }

            foreach (var step in report.Unsettled)
            {
                Log.Error("{Step} does not last, a second run found it so: {Outcome} {Words}", step.Name, step.Outcome, PrintableText.Of(step.Words.Split('\n')));
            }

            if (!report.Succeeded)
            {
                throw new TargetFailedException($"The guest {definition.Name} is not set up: what failed is told above. Mend it and run VmProvision again, which changes only what is missing");
            }

            Log.Information(
                "The guest {Name} is set up{Verified}{Saved}", definition.Name, report.ChangedSomething ? ", and a second run found nothing to change" : "; nothing was to be changed",
                report.Snapshot is { } snapshot ? $"; it is saved as {snapshot}" : "");
            if (report.SnapshotProblem is { } problem)
            {
                Log.Warning("{Problem}", problem);
            }
        }));

    Target VmDelete => _ => _
        .Description("Deletes the machine of --guest with its disks and snapshots, after telling what would be lost and asking. Its definition stays.")
        .Requires(() => Guest)
        .Executes(() => WorkAsync(async token =>
        {
            var definition = FindGuests(LoadProject())[0];
            var deletion = GuestFactory.Deletion(definition, Site)
                ?? throw new TargetFailedException($"The guest {definition.Name} cannot be deleted: it is a machine of its own, reached by SSH alone. Remove {definition.File} to forget it.");
            var loss = await deletion.FindLossAsync(token);
            if (loss.Count == 0)
            {
                Log.Information("There is nothing of the guest {Name} to delete", definition.Name);
                return;
            }

            foreach (var line in loss)
            {
                Log.Warning("To be deleted: {Loss}", line);
            }

            if (!Agree($"Delete the guest {definition.Name} for good?"))
            {
                throw new TargetFailedException($"The guest {definition.Name} was not deleted. Answer yes, or give --yes");
            }

            await deletion.DeleteAsync(token);
            Log.Information("The guest {Name} is deleted. ./build.sh VmCreate --guest {Name} makes it anew", definition.Name, definition.Name);
        }));

    private static ISnapshots TakingSnapshots(IGuest guest, GuestDefinition definition) =>
        guest as ISnapshots
        ?? throw new TargetFailedException($"The guest {definition.Name} has no snapshots: its driver \"{GuestWords.Driver(definition)}\" takes none. Those of VMware Fusion and Workstation have.");
}
