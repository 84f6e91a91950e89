using KextDev.Guests.Debian;
using KextDev.Guests.Images;
using KextDev.Projects;

namespace KextDev.Guests.Vmware;

/// <summary>Makes a machine for VMware: a linked clone of another, or one of its own with a copy of a disk, or with a disk that boots an embedded guest's system.</summary>
internal sealed class VmwareCreation(GuestDefinition definition, GuestSite site) : ICreation
{
    private const string DiskName = "disk.vmdk";

    /// <summary>A machine that panicked stays as it is: what it printed is to be read.</summary>
    private static readonly string[] KernelArguments = ["console=ttyS0", "quiet", "panic=0", "oops=panic", "nokaslr", "no_timer_check", "unknown_nmi_panic", "network=dhcp"];

    public async Task<string> CreateAsync(CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(definition.VmxFile)!;
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            var (what, wayOut) = File.Exists(definition.VmxFile) ? (", with a machine in it", $"./build.sh VmDelete --guest {definition.Name} deletes it") : ("", "Move away what is there");
            throw new InfrastructureException(
                $"The guest {definition.Name} was not made: {folder} exists already{what}, and nothing is overwritten. {wayOut}; or let \"vmx\" in {definition.File} name another folder.");
        }

        using var held = FolderLock.TryTake(VmwareFolder.Of(definition.Name, site.State).Path)
            ?? throw new InfrastructureException($"The guest {definition.Name} was not made: {FolderLock.Holder(VmwareFolder.Of(definition.Name, site.State).Path)} is at work on it. Wait for that.");
        if (definition.BaseFile is { } original)
        {
            await CloneAsync(original, cancellationToken);
            return $"{definition.VmxFile} is a linked clone of {original}: it keeps only what differs, and needs that machine to stay";
        }

        await MakeAsync(folder, cancellationToken);
        return definition.DiskFile is { } disk ? $"{definition.VmxFile} is made, with a copy of {disk}" : $"{definition.VmxFile} is made, with a disk that boots Debian's cloud kernel";
    }

    private async Task CloneAsync(string original, CancellationToken cancellationToken)
    {
        if (!File.Exists(original))
        {
            throw new InfrastructureException($"The guest {definition.Name} was not made: {original}, which it is to be a clone of, does not exist. Correct \"base\" in {definition.File}.");
        }

        var vmrun = new Vmrun(VmrunProgram.Find(definition.VmrunFile, definition.Product), original, new VmwarePasswords(site.AskSecret), site.Clock);
        await vmrun.CloneLinkedAsync(definition.VmxFile, definition.BaseSnapshot, cancellationToken);
        Save(VmxFile.Read(definition.VmxFile), definition.VmxFile);
    }

    // Aside first, then renamed: there is a whole machine or none.
    private async Task MakeAsync(string folder, CancellationToken cancellationToken)
    {
        var unfinished = folder + ".unfinished";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        Directory.CreateDirectory(unfinished);
        try
        {
            await MakeDiskAsync(Path.Combine(unfinished, DiskName), cancellationToken);
            Save(VmxTemplate.Of(definition, DiskName), Path.Combine(unfinished, Path.GetFileName(definition.VmxFile)));
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder); // Empty, as was seen.
            }

            Directory.Move(unfinished, folder);
        }
        finally
        {
            if (Directory.Exists(unfinished))
            {
                Directory.Delete(unfinished, recursive: true);
            }
        }
    }

    private async Task MakeDiskAsync(string vmdk, CancellationToken cancellationToken)
    {
        if (definition.DiskFile is { } disk)
        {
            if (definition.Platform == GuestPlatform.Darwin && definition.Memory < VmxTemplate.LeastDarwinMemory)
            {
                throw new InfrastructureException(
                    $"The guest {definition.Name} was not made: with {definition.Memory} MiB macOS does not boot. Give it {VmxTemplate.LeastDarwinMemory} or more by \"memory\" in {definition.File}.");
            }

            await VirtualDisk.CopyToVmdkAsync(disk, vmdk, cancellationToken);
            return;
        }

        if (definition is not { Recipe: GuestRecipe.DebianCloud, Init: not null })
        {
            throw new InfrastructureException(
                $"The guest {definition.Name} was not made: nothing tells what of. In {definition.File} name a disk with its system by \"disk\", a machine to clone by \"base\", "
                + "or the embedded guest's system by \"recipe\" and \"init\".");
        }

        var packages = new PackageCache(site.State.Cache, site.Note);
        var keys = await GuestKeys.GetAsync(site.State.Keys, site.Note, cancellationToken);
        var selection = await packages.GetSelectionAsync(refresh: false, cancellationToken);
        var image = await new EmbeddedImage(site.State.Cache, packages, site.Note).GetAsync(selection, keys, definition, cancellationToken);
        var raw = Path.ChangeExtension(vmdk, ".raw");
        await BootDisk.WriteAsync(raw, image, [.. KernelArguments, .. definition.InitArguments], cancellationToken);
        await VirtualDisk.CopyToVmdkAsync(raw, vmdk, cancellationToken);
        File.Delete(raw);
    }

    // The machine is new: what VmConfigure would ask about is set at once.
    private void Save(VmxFile file, string path)
    {
        var changes = MachineSetup.Changes(file, Path.GetDirectoryName(path)!, sharedFolder: null, card: definition.Recipe is null);
        AtomicFile.Write(path, stream => stream.Write(file.With(changes).ToBytes()));
    }
}
