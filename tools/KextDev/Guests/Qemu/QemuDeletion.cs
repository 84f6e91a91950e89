namespace KextDev.Guests.Qemu;

/// <summary>Deletes the folders of a definition's machines. The image is made of cached parts, for all guests of the same content, and stays.</summary>
internal sealed class QemuDeletion(GuestDefinition definition, GuestSite site) : IDeletion
{
    private IEnumerable<QemuFolder> Folders => QemuFolder.All(site.State).Where(folder => folder.IsOf(definition.Name));

    public Task<IReadOnlyList<string>> FindLossAsync(CancellationToken cancellationToken) => Task.Run(FindLoss, cancellationToken);

    public Task DeleteAsync(CancellationToken cancellationToken) => Task.Run(Delete, cancellationToken);

    private IReadOnlyList<string> FindLoss()
    {
        foreach (var folder in Folders)
        {
            Check(folder, FolderLock.FindHolder(folder.Path));
        }

        return [.. Folders.Select(folder => $"{folder.Path}: console and log of the guest's last start, {FolderSize.Of(folder.Path)}")];
    }

    private void Delete()
    {
        foreach (var folder in Folders)
        {
            using var held = FolderLock.TryTake(folder.Path);
            Check(folder, held is null ? FolderLock.Holder(folder.Path) : null);
            Directory.Delete(folder.Path, recursive: true);
        }
    }

    private void Check(QemuFolder folder, string? user)
    {
        if (user is not null || folder.FindProcess() is not null)
        {
            throw new InfrastructureException(
                $"The guest {folder.Name} was not deleted: it runs{(user is null ? "" : $", used by {user}")}. Stop it first: ./build.sh VmDown --guest {definition.Name}");
        }
    }
}
