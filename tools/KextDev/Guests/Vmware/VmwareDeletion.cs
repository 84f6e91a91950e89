namespace KextDev.Guests.Vmware;

/// <summary>Lets VMware delete a machine with its disks and snapshots.</summary>
internal sealed class VmwareDeletion(GuestDefinition definition, GuestSite site) : IDeletion
{
    private readonly VmwareFolder _folder = VmwareFolder.Of(definition.Name, site.State);

    public async Task<IReadOnlyList<string>> FindLossAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(definition.VmxFile))
        {
            return [];
        }

        if (FolderLock.FindHolder(_folder.Path) is { } user)
        {
            throw InUse(user);
        }

        var vmrun = Vmrun.Of(definition, site);
        await CheckAsync(vmrun, cancellationToken);
        var folder = Path.GetDirectoryName(definition.VmxFile)!;
        var machine = $"{definition.VmxFile}, with its disks: {folder} has {FolderSize.Of(folder)}";
        return vmrun.Program.Product != VmwareProduct.Player && await vmrun.ListSnapshotsAsync(cancellationToken) is { Count: > 0 } snapshots
            ? [machine, $"its snapshots: {string.Join(", ", snapshots)}"]
            : [machine];
    }

    public async Task DeleteAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(definition.VmxFile))
        {
            return;
        }

        using var held = FolderLock.TryTake(_folder.Path) ?? throw InUse(FolderLock.Holder(_folder.Path));
        var vmrun = Vmrun.Of(definition, site);
        await CheckAsync(vmrun, cancellationToken);
        var folder = Path.GetDirectoryName(definition.VmxFile)!;
        var console = SerialConsole.FileOf(VmxFile.Read(definition.VmxFile), folder);
        await vmrun.DeleteAsync(cancellationToken);
        RemoveRest(folder, console);
        Directory.Delete(_folder.Path, recursive: true);
    }

    // VMware deletes what is of the machine. What its console printed is not, and goes where it lies beside; what others put there stays.
    private static void RemoveRest(string folder, string? console)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        if (console is not null && Path.GetDirectoryName(console) == folder)
        {
            SerialConsole.Delete(console);
        }

        if (!Directory.EnumerateFileSystemEntries(folder).Any())
        {
            Directory.Delete(folder);
        }
    }

    private async Task CheckAsync(Vmrun vmrun, CancellationToken cancellationToken)
    {
        if (await vmrun.IsRunningAsync(cancellationToken))
        {
            throw new InfrastructureException($"The guest {definition.Name} was not deleted: {definition.VmxFile} runs. Stop it first: ./build.sh VmDown --guest {definition.Name}");
        }

        if (SnapshotList.Of(definition.VmxFile).Clones is { Count: > 0 } clones)
        {
            throw new InfrastructureException(
                $"The guest {definition.Name} was not deleted: linked clones read what they share from its disks: {string.Join(", ", clones)}. Delete these first.");
        }
    }

    private InfrastructureException InUse(string user) =>
        new($"The guest {definition.Name} was not deleted: {user} uses it. Wait for that, or end it, then try again.");
}
