namespace KextDev.Guests.Vmware;

/// <summary>The VMware machines that were started for one checkout.</summary>
internal static class VmwareMachines
{
    /// <summary>Switches off machines whose user was killed before it could.</summary>
    public static async Task EndOrphansAsync(GuestSite site, CancellationToken cancellationToken)
    {
        foreach (var folder in VmwareFolder.All(site.State))
        {
            if (folder.Read() is not { Kept: false } || FolderLock.TryTake(folder.Path) is not { } held)
            {
                continue;
            }

            using (held)
            {
                // Asked again now that nobody else can change it.
                if (folder.Read() is { Kept: false } state)
                {
                    var vmrun = Driver(state, site);
                    if (File.Exists(state.Vmx) && await vmrun.IsRunningAsync(cancellationToken))
                    {
                        site.Note($"Ending the guest {folder.Name} ({state.Vmx}): the run that it belonged to was killed.");
                        await vmrun.SwitchOffAsync(cancellationToken);
                    }

                    folder.Forget();
                }
            }
        }
    }

    public static async Task<IReadOnlyList<GuestStatus>> ListAsync(GuestSite site, CancellationToken cancellationToken)
    {
        var guests = new List<GuestStatus>();
        foreach (var folder in VmwareFolder.All(site.State))
        {
            if (folder.Read() is { Endpoint: { } endpoint } state && await ConditionAsync(Driver(state, site), cancellationToken) is { } condition)
            {
                var held = FolderLock.TryTake(folder.Path);
                var user = held is null ? FolderLock.Holder(folder.Path) : null;
                held?.Dispose();
                guests.Add(new GuestStatus(folder.Name, condition, Accelerator: null, endpoint, state.Started, user, state.Kept, state.ConsoleFile));
            }
        }

        return guests;
    }

    private static async Task<string?> ConditionAsync(Vmrun vmrun, CancellationToken cancellationToken)
    {
        try
        {
            return await vmrun.IsRunningAsync(cancellationToken) ? "running" : null;
        }
        catch (VmrunException)
        {
            return "not responding";
        }
    }

    private static Vmrun Driver(VmwareState state, GuestSite site) => new(state.Program, state.Vmx, new VmwarePasswords(site.AskSecret), site.Clock);
}
