using KextDev.Events;
using KextDev.Guests;
using KextDev.Platforms;

namespace KextDev.Debugging;

/// <summary>
/// Configures how a guest's kernel starts, so that it can be debugged: reads, merges, asks, remembers, writes, restarts, reads back.
/// What was there before the first time can be restored.
/// </summary>
public sealed class ConfigureTarget(GuestSite site, RunJournal journal, TimeProvider clock)
{
    /// <param name="confirm">Asked once, before anything is changed.</param>
    /// <exception cref="InfrastructureException">The guest refused, or did not come back as it should: a note tells what state it is in.</exception>
    public async Task<TargetOutcome> RunAsync(GuestDefinition definition, TargetSettings settings, Func<TargetChange, bool> confirm, CancellationToken cancellationToken)
    {
        await using var target = await OpenAsync(definition, settings, cancellationToken);
        settings = await target.PrepareAsync(settings, cancellationToken);
        var before = await target.ReadAsync(cancellationToken);
        var merged = target.Merge(before, settings);

        // Where nothing is to be added, not a blank is changed.
        var wanted = merged.Equals(before.Next) ? before.Stored : merged.ToString();
        var machine = target.PlanMachine(restored: null);
        if (settings.Kit is null && machine.Count == 0 && wanted == before.Stored && before.MissingOf(merged).Count == 0)
        {
            return TargetOutcome.Unchanged;
        }

        var change = new TargetChange(definition.Name, target.ArgumentsName, before.Stored, wanted, await target.WarnAsync(settings, cancellationToken))
        {
            InstalledKernel = settings.Kit is null ? null : settings.KernelSuffix,
            Steps = target.Steps,
            Machine = machine,
        };
        if (!confirm(change))
        {
            return TargetOutcome.Declined;
        }

        var backup = TargetBackup.Find(definition.Name, site.State) ?? new TargetBackup(before.Stored, clock.GetUtcNow());
        (backup with
        {
            InstalledKernel = change.InstalledKernel ?? backup.InstalledKernel,
            Machine = machine.Count > 0 ? backup.Machine ?? target.Machine : backup.Machine,
        }).Save(definition.Name, site.State);
        await ApplyAsync(
            target,
            change,
            before,
            async () =>
            {
                await target.InstallKernelAsync(settings, cancellationToken);
                return await target.WriteAsync(wanted, cancellationToken);
            },
            machine: null,
            cancellationToken);
        return TargetOutcome.Changed;
    }

    /// <summary>Restores what was there before the guest was configured for the first time.</summary>
    /// <exception cref="InfrastructureException">Nobody knows that here, or the guest did not come back as it should.</exception>
    public async Task<TargetOutcome> UndoAsync(GuestDefinition definition, Func<TargetChange, bool> confirm, CancellationToken cancellationToken)
    {
        await using var target = await OpenAsync(definition, new TargetSettings(), cancellationToken);
        var before = await target.ReadAsync(cancellationToken);
        if (TargetBackup.Find(definition.Name, site.State) is not { } backup)
        {
            throw new InfrastructureException(
                $"Nothing was undone: what guest {definition.Name} had before it was configured is not known here, for {TargetBackup.FileOf(definition.Name, site.State)} does not exist. "
                + $"Its {target.ArgumentsName} are now {Quote(before.Stored)}. To have none: {target.SetCommand(null)}, and restart the guest.");
        }

        var wanted = BootArguments.Parse(backup.Arguments ?? "");
        var machine = backup.Machine is null ? [] : target.PlanMachine(backup.Machine);
        var change = new TargetChange(definition.Name, target.ArgumentsName, before.Stored, backup.Arguments, [])
        {
            RemovedKernel = backup.InstalledKernel,
            Steps = target.Steps,
            Machine = machine,
        };
        if (backup.InstalledKernel is not null || machine.Count > 0 || backup.Arguments != before.Stored || before.MissingOf(wanted).Count > 0)
        {
            if (!confirm(change))
            {
                return TargetOutcome.Declined;
            }

            await ApplyAsync(
                target,
                change,
                before,
                async () =>
                {
                    // The arguments first: what they choose no longer is what goes after them.
                    var answer = await target.WriteAsync(backup.Arguments, cancellationToken);
                    if (answer.Accepted && backup.InstalledKernel is { } suffix)
                    {
                        await target.RemoveKernelAsync(suffix, cancellationToken);
                    }

                    return answer;
                },
                backup.Machine,
                cancellationToken);
        }

        var changed = backup.Arguments != before.Stored || backup.InstalledKernel is not null || machine.Count > 0;
        TargetBackup.Forget(definition.Name, site.State);
        return changed ? TargetOutcome.Changed : TargetOutcome.Unchanged;
    }

    private static string Quote(string? arguments) => arguments is null ? "none" : $"'{arguments}'";

    private Task<IDebugTarget> OpenAsync(GuestDefinition definition, TargetSettings settings, CancellationToken cancellationToken) =>
        journal.StageAsync(Stage.AcquireGuest, () => DebugTargets.OpenAsync(definition, settings, site, clock, cancellationToken));

    private async Task ApplyAsync(IDebugTarget target, TargetChange change, TargetState before, Func<Task<KernelAnswer>> write, IReadOnlyDictionary<string, string?>? machine, CancellationToken cancellationToken)
    {
        // Where nothing is set any more, nothing lasts.
        if (target.Keep() is { Length: > 0 } lasting && change.After is not null)
        {
            journal.Publish(new NoteGiven(lasting));
        }

        var state = "may or may not have been changed";
        try
        {
            var answer = await journal.StageAsync(Stage.Configure, write, answer => answer.Refusal);
            if (!answer.Accepted)
            {
                state = "were left as they were";
                throw new InfrastructureException(answer.Message);
            }

            state = $"are changed to {Quote(change.After)}, and hold from the next start on; whether the guest has restarted is not known";
            await journal.StageAsync(Stage.Restart, () => RestartAsync(target, cancellationToken));
            state = $"are {Quote(change.After)}, and the guest was restarted";
            Verify(target, change, before, await target.ReadAsync(cancellationToken));
            if (change.Machine.Count > 0 && target.PlanMachine(machine) is { Count: > 0 } lost)
            {
                throw new InfrastructureException(
                    $"The guest {change.Guest} was restarted, but its machine's settings did not last: {string.Join("; ", lost)}. Close its window in VMware, which may have written them back, then try again.");
            }
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            journal.Publish(new NoteGiven(
                $"The {change.ArgumentsName} of guest {change.Guest} {state}. Before, they were {Quote(change.Before)}: ./build.sh KernelConfigureTarget --guest {change.Guest} --undo restores "
                + $"what was there before the first configuration; by hand: {target.SetCommand(change.Before)}"));
            throw;
        }
    }

    private static async Task<bool> RestartAsync(IDebugTarget target, CancellationToken cancellationToken)
    {
        await target.RestartAsync(cancellationToken);
        return true;
    }

    private static void Verify(IDebugTarget target, TargetChange change, TargetState before, TargetState now)
    {
        var wanted = BootArguments.Parse(change.After ?? "");
        var missing = now.MissingOf(wanted);
        var left = before.Next.Words.Except(wanted.Words).Intersect(now.Running.Words).ToList();
        if (now.Stored != change.After || missing.Count > 0 || left.Count > 0)
        {
            throw new InfrastructureException(
                $"The guest {change.Guest} was restarted, but not as configured: its {target.ArgumentsName} are {Quote(now.Stored)}, and its kernel was started with '{now.Running}'"
                + (missing.Count > 0 ? $", without {string.Join(' ', missing)}" : "")
                + (left.Count > 0 ? $", still with {string.Join(' ', left)}" : "")
                + ". System Integrity Protection, or a boot loader, may keep some of them back.");
        }
    }
}

/// <summary>What is about to change, for people who are asked.</summary>
/// <param name="ArgumentsName">"boot-args".</param>
/// <param name="Before">Null for none.</param>
/// <param name="After">Null for none.</param>
/// <param name="Warnings">Sentences.</param>
public sealed record TargetChange(string Guest, string ArgumentsName, string? Before, string? After, IReadOnlyList<string> Warnings)
{
    /// <summary>Suffix of the debug kit's kernel that is installed; null for none.</summary>
    public string? InstalledKernel { get; init; }

    /// <summary>Suffix of the debug kit's kernel that is removed; null for none.</summary>
    public string? RemovedKernel { get; init; }

    /// <summary>What is done besides, and what cannot be, in order; sentences.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>What changes in the machine's own settings, line by line; empty for nothing.</summary>
    public IReadOnlyList<string> Machine { get; init; } = [];
}

public enum TargetOutcome
{
    /// <summary>All was as it shall be.</summary>
    Unchanged,
    Changed,

    /// <summary>The answer was no; nothing was changed.</summary>
    Declined,
}
