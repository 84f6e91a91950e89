using System.Net.Sockets;

namespace KextDev.Guests.Qemu;

/// <summary>The QEMU machines that run for one checkout, whoever started them.</summary>
internal static class QemuMachines
{
    /// <summary>Ends machines whose user was killed before it could.</summary>
    public static async Task EndOrphansAsync(GuestSite site, CancellationToken cancellationToken)
    {
        foreach (var folder in QemuFolder.All(site.State))
        {
            if (folder.ReadState() is not { Kept: false } || FolderLock.TryTake(folder.Path) is not { } held)
            {
                continue;
            }

            using (held)
            {
                // Asked again now that nobody else can change it.
                if (folder.ReadState() is { Kept: false })
                {
                    if (folder.FindProcess() is { } process)
                    {
                        site.Note($"Ending the guest {folder.Name} (process {process.Id}): the run that it belonged to was killed.");
                    }

                    await QemuMachine.EndAsync(folder, cancellationToken);
                }
            }
        }
    }

    /// <summary>Ends the machines of a definition that nobody uses.</summary>
    /// <exception cref="InfrastructureException">A kept one is in use.</exception>
    public static async Task EndAllAsync(string name, GuestSite site, CancellationToken cancellationToken)
    {
        foreach (var folder in QemuFolder.All(site.State).Where(folder => folder.IsOf(name)))
        {
            if (FolderLock.TryTake(folder.Path) is { } held)
            {
                using (held)
                {
                    await QemuMachine.EndAsync(folder, cancellationToken);
                }
            }
            else if (folder.ReadState() is { Kept: true })
            {
                throw new InfrastructureException(
                    $"The guest {folder.Name} was not stopped: {FolderLock.Holder(folder.Path)} uses it. Wait for that, or end it, then try again.");
            }
        }
    }

    /// <summary>The kept machine of a definition, as it is.</summary>
    /// <returns>Null where none runs that nobody uses.</returns>
    public static async Task<QemuMachine?> TakeAsync(string name, GuestSite site, CancellationToken cancellationToken)
    {
        foreach (var folder in QemuFolder.All(site.State).Where(folder => folder.IsOf(name)))
        {
            if (folder.ReadState() is { Kept: true } state && folder.FindProcess() is { } process && FolderLock.TryTake(folder.Path) is { } held)
            {
                try
                {
                    return await QemuMachine.AttachAsync(held, folder, process, state, cancellationToken);
                }
                catch (Exception exception)
                {
                    held.Dispose();
                    if (exception is not QmpException)
                    {
                        throw;
                    }
                }
            }
        }

        return null;
    }

    public static async Task<IReadOnlyList<GuestStatus>> ListAsync(GuestSite site, CancellationToken cancellationToken)
    {
        var guests = new List<GuestStatus>();
        foreach (var folder in QemuFolder.All(site.State))
        {
            if (folder.ReadState() is { } state && folder.FindProcess() is { } process)
            {
                var (condition, user) = await AskAsync(folder, process, state, cancellationToken);
                var kdp = QmpSocket.KdpBeside(state.QmpSocket);
                guests.Add(new GuestStatus(folder.Name, condition, state.Accelerator, state.Endpoint, state.Started, user, state.Kept, state.ConsoleFile)
                {
                    KdpPort = File.Exists(kdp) ? new UnixDomainSocketEndPoint(kdp) : null,
                });
            }
        }

        return guests;
    }

    /// <summary>Of several machines of the definition, the one that stays counts.</summary>
    public static async Task<GuestCondition> LookAsync(GuestDefinition definition, GuestSite site, CancellationToken cancellationToken)
    {
        var running = await ListAsync(site, cancellationToken);
        return running.Where(guest => new QemuFolder(guest.Name).IsOf(definition.Name)).MaxBy(guest => guest.Kept) is { } guest
            ? new GuestCondition(GuestPower.Running) { Endpoint = guest.Endpoint, User = guest.User, Stays = guest.Kept, KdpPort = guest.KdpPort }
            : new GuestCondition(GuestPower.Off);
    }

    // A machine in use has its one connection taken; its user knows best.
    private static async Task<(string Condition, string? User)> AskAsync(
        QemuFolder folder, QemuProcess process, QemuState state, CancellationToken cancellationToken)
    {
        if (FolderLock.TryTake(folder.Path) is not { } held)
        {
            return ("in use", FolderLock.Holder(folder.Path));
        }

        try
        {
            await using var machine = await QemuMachine.AttachAsync(held, folder, process, state, cancellationToken);
            return (await machine.QueryStatusAsync(cancellationToken), null);
        }
        catch (QmpException)
        {
            held.Dispose();
            return ("not responding", null);
        }
    }
}
