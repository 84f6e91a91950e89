namespace KextDev.Guests.Qemu;

internal sealed partial class QemuStarter
{
    /// <summary>Follows the ready line of a guest that can be told what is new after it was restored.</summary>
    private const string Renewable = " renewable";

    /// <summary>A restored guest answers at once; the rest is for a busy host.</summary>
    private static readonly TimeSpan RestoreLimit = TimeSpan.FromSeconds(15);

    /// <summary>A guest that answers says within this time on its console that it is ready.</summary>
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(5);

    // Goes on from a snapshot, and makes one first where there is none. Whatever is wrong with snapshots, a guest boots.
    private async Task<QemuMachine> StartWarmAsync(Accelerator accelerator, CancellationToken cancellationToken)
    {
        var store = new SnapshotStore(site.State.Cache);
        var key = SnapshotKey.Of(CommandLine(accelerator, new QemuFolder("/"), "", "/"), SnapshotKey.Qemu());
        if (store.Find(key) is { } found && await TryRestoreAsync(found, accelerator, cancellationToken) is { } restored)
        {
            return restored;
        }

        UnfinishedSnapshot? unfinished = null;
        try
        {
            unfinished = store.TryBegin(key, definition.Memory);
        }
        catch (InfrastructureException exception)
        {
            site.Note($"No snapshot of {definition.Name} is made: {Oneline(exception.Message)}");
        }

        if (unfinished is null)
        {
            return await BootAsync(accelerator, cancellationToken);
        }

        Snapshot? made;
        using (unfinished)
        {
            var machine = await BootAsync(accelerator, cancellationToken, memory: new MemoryFile(unfinished.MemoryFile, Saves: true));
            if (!await IsRenewableAsync(machine, cancellationToken))
            {
                return machine;
            }

            made = await TrySaveAsync(machine, unfinished, cancellationToken);
        }

        return made is not null && await TryRestoreAsync(made, accelerator, cancellationToken) is { } fresh
            ? fresh
            : await BootAsync(accelerator, cancellationToken);
    }

    // An SSH banner may come before the line.
    private static async Task<bool> IsRenewableAsync(QemuMachine machine, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyLimit);
        try
        {
            var line = await machine.Console.WaitForLineAsync(GuestAnswer.ReadyLine, limit.Token);
            return line.EndsWith(Renewable, StringComparison.Ordinal);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            await EndAsync(machine);
            throw;
        }
    }

    // The machine is ended either way: it would go on writing into what it saved.
    private async Task<Snapshot?> TrySaveAsync(QemuMachine machine, UnfinishedSnapshot unfinished, CancellationToken cancellationToken)
    {
        try
        {
            try
            {
                await MachineState.SaveAsync(machine, unfinished.DeviceFile, cancellationToken);
            }
            finally
            {
                await EndAsync(machine);
            }

            return unfinished.Publish(site.Clock.GetUtcNow());
        }
        catch (Exception exception) when (exception is InfrastructureException or IOException)
        {
            site.Note($"No snapshot of {definition.Name} was made, it boots afresh: {Oneline(exception.Message)}");
            return null;
        }
    }

    private async Task<QemuMachine?> TryRestoreAsync(Snapshot snapshot, Accelerator accelerator, CancellationToken cancellationToken)
    {
        QemuMachine? machine = null;
        var answers = false;
        try
        {
            var manifest = snapshot.ReadManifest() ?? throw new InfrastructureException("another run removed it.");
            var whole = Task.Run(() => snapshot.HasBytes(manifest), cancellationToken);
            machine = await LaunchAsync(
                accelerator, new MemoryFile(snapshot.MemoryFile, Saves: false), $"KEXTDEV SNAPSHOT {snapshot.Key} of {manifest.Saved:u}\n", cancellationToken);
            await MachineState.RestoreAsync(machine, snapshot.DeviceFile, cancellationToken);
            using var line = await MachineState.RenewAsync(QmpSocket.Beside(machine.State.QmpSocket), site.Clock, cancellationToken);
            await new GuestAnswer(machine, RestoreLimit, definition.File, site.Clock).WaitForReadyLineAsync(cancellationToken);
            if (!await whole)
            {
                throw new InfrastructureException("its files are not what was saved.");
            }

            SnapshotStore.Touch(snapshot);
            answers = true;
            return machine;
        }
        catch (InfrastructureException exception)
        {
            site.Note($"The snapshot {snapshot.Key} of {definition.Name} is thrown away: {Oneline(exception.Message)}");
            SnapshotStore.Remove(snapshot);
            return null;
        }
        finally
        {
            if (machine is not null && !answers)
            {
                await EndAsync(machine);
            }
        }
    }
}
