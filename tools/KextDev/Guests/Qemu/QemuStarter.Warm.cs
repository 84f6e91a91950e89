namespace KextDev.Guests.Qemu;

internal sealed partial class QemuStarter
{
    /// <summary>A restored guest answers at once; the rest is for a busy host.</summary>
    private static readonly TimeSpan RestoreLimit = TimeSpan.FromSeconds(30);

    private readonly SnapshotStore _snapshots = new(site.State.Cache);
    private readonly SnapshotFailures _failures = new(site.State.Cache);

    // Goes on from a snapshot, and makes one first where there is none. Whatever is wrong with snapshots, a guest boots.
    private async Task<QemuMachine> StartWarmAsync(Accelerator accelerator, CancellationToken cancellationToken)
    {
        var key = SnapshotKey.Of(CommandLine(accelerator, new QemuFolder("/"), "", "/"), SnapshotKey.Qemu());
        if (_failures.Recall(key) is { } failure)
        {
            site.Note($"{definition.Name} boots afresh: {failure} (remembered).");
            return await BootAsync(accelerator, cancellationToken);
        }

        try
        {
            if (await TryStartWarmAsync(key, accelerator, cancellationToken) is { } machine)
            {
                return machine;
            }
        }
        catch (Exception exception) when (exception is DiskFullException or QemuStartException or IOException or UnauthorizedAccessException)
        {
            site.Note($"{definition.Name} boots afresh, without a snapshot: {Oneline(exception.Message)}");
        }

        return await BootAsync(accelerator, cancellationToken);
    }

    // Null when the guest is to be booted.
    private async Task<QemuMachine?> TryStartWarmAsync(string key, Accelerator accelerator, CancellationToken cancellationToken)
    {
        if (_snapshots.Find(key) is { } found)
        {
            try
            {
                return await RestoreAsync(found, accelerator, cancellationToken);
            }
            catch (InfrastructureException exception) when (exception is not QemuStartException)
            {
                site.Note($"The snapshot {key} of {definition.Name} is thrown away: {Oneline(exception.Message)}");
                SnapshotStore.Remove(found);
            }
        }

        using var unfinished = TryBegin(key);
        return unfinished is null ? null : await MakeAsync(unfinished, key, accelerator, cancellationToken);
    }

    // While another process makes one, this guest boots: waiting for it would take as long.
    private UnfinishedSnapshot? TryBegin(string key)
    {
        try
        {
            return _snapshots.TryBegin(key, definition.Memory);
        }
        catch (InfrastructureException exception)
        {
            site.Note($"No snapshot of {definition.Name} is made: {Oneline(exception.Message)}");
            return null;
        }
    }

    private async Task<QemuMachine?> MakeAsync(UnfinishedSnapshot unfinished, string key, Accelerator accelerator, CancellationToken cancellationToken)
    {
        var machine = await LaunchAsync(accelerator, new MemoryFile(unfinished.MemoryFile, Saves: true), "", cancellationToken);
        var stays = false;
        try
        {
            var answer = new GuestAnswer(machine, TimeSpan.FromSeconds(definition.StartLimit), definition.File, site.Clock);
            if (!await answer.WaitUntilSavableAsync(cancellationToken))
            {
                _failures.Remember(key, $"its init, {definition.InitFile}, never waits to be saved");
                stays = true;
            }
            else if (!await TrySaveAsync(machine, unfinished, cancellationToken))
            {
                await machine.Qmp.ExecuteAsync("cont", arguments: null, cancellationToken);
                using var line = await MachineState.RenewAsync(QmpSocket.Beside(machine.State.QmpSocket), site.Clock, cancellationToken);
                await answer.WaitAsync(cancellationToken);
                stays = true;
            }
        }
        finally
        {
            // What was saved goes on elsewhere: here it would write into the snapshot.
            if (!stays)
            {
                await EndAsync(machine);
            }
        }

        return stays ? machine : await ProveAsync(unfinished.Publish(), accelerator, cancellationToken);
    }

    private async Task<bool> TrySaveAsync(QemuMachine machine, UnfinishedSnapshot unfinished, CancellationToken cancellationToken)
    {
        try
        {
            await MachineState.SaveAsync(machine, unfinished.DeviceFile, cancellationToken);
            unfinished.Seal(machine.State.ConsoleFile, site.Clock.GetUtcNow());
            return true;
        }
        catch (Exception exception) when (exception is InfrastructureException or IOException or UnauthorizedAccessException)
        {
            site.Note($"No snapshot of {definition.Name} was made: {Oneline(exception.Message)}");
            return false;
        }
    }

    // One that is not even good for its maker would make every run boot twice.
    private async Task<QemuMachine?> ProveAsync(Snapshot made, Accelerator accelerator, CancellationToken cancellationToken)
    {
        QemuMachine? machine = null;
        var answers = false;
        try
        {
            machine = await RestoreAsync(made, accelerator, cancellationToken);
            await new GuestAnswer(machine, RestoreLimit, definition.File, site.Clock).WaitAgainAsync(cancellationToken);
            answers = true;
            return machine;
        }
        catch (InfrastructureException exception) when (exception is not QemuStartException)
        {
            var failure = $"it does not go on from a snapshot on this host ({Oneline(exception.Message)})";
            site.Note($"{definition.Name} boots afresh: {failure}. Remembered until the next boot of this host.");
            SnapshotStore.Remove(made);
            _failures.Remember(made.Key, failure);
            return null;
        }
        finally
        {
            if (machine is not null && !answers)
            {
                Expected?.Invoke(null);
                await EndAsync(machine);
            }
        }
    }

    private async Task<QemuMachine> RestoreAsync(Snapshot snapshot, Accelerator accelerator, CancellationToken cancellationToken)
    {
        SnapshotStore.Touch(snapshot);
        var manifest = snapshot.ReadManifest() ?? throw new InfrastructureException("another run removed it.");
        var whole = Task.Run(() => snapshot.HasBytes(manifest), cancellationToken);
        QemuMachine? machine = null;
        var answers = false;
        try
        {
            machine = await LaunchAsync(accelerator, new MemoryFile(snapshot.MemoryFile, Saves: false), snapshot.ConsoleHeading(manifest), cancellationToken);
            await MachineState.RestoreAsync(machine, snapshot.DeviceFile, cancellationToken);

            // Its server greets nobody before it is ready; it accepts from now on.
            Expected?.Invoke(machine.State.Endpoint);
            using var line = await MachineState.RenewAsync(QmpSocket.Beside(machine.State.QmpSocket), site.Clock, cancellationToken);
            await new GuestAnswer(machine, RestoreLimit, definition.File, site.Clock).WaitForReadyLineAsync(cancellationToken);
            if (!await whole)
            {
                throw new InfrastructureException("its files are not what was saved.");
            }

            answers = true;
            return machine;
        }
        finally
        {
            if (machine is not null && !answers)
            {
                Expected?.Invoke(null);
                await EndAsync(machine);
            }
        }
    }
}
