using KextDev.Guests.Ssh;

namespace KextDev.Guests.Vmware;

/// <summary>The VMware machines that were started for one checkout.</summary>
internal static class VmwareMachines
{
    /// <summary>Within which a machine that runs already tells where it answers.</summary>
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(10);

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
                guests.Add(new GuestStatus(
                    folder.Name, condition, Accelerator: null, endpoint, state.Started, FolderLock.FindHolder(folder.Path), state.Kept, state.ConsoleFile));
            }
        }

        return guests;
    }

    /// <summary>Also finds a machine that somebody started in VMware.</summary>
    public static async Task<GuestCondition> LookAsync(GuestDefinition definition, GuestSite site, CancellationToken cancellationToken)
    {
        if (!File.Exists(definition.VmxFile))
        {
            return new GuestCondition(GuestPower.Absent);
        }

        var vmrun = Vmrun.Of(definition, site);
        var folder = VmwareFolder.Of(definition.Name, site.State);
        var user = FolderLock.FindHolder(folder.Path);
        var snapshot = SnapshotList.Of(definition.VmxFile).Current;
        if (!await vmrun.IsRunningAsync(cancellationToken))
        {
            return new GuestCondition(GuestPower.Off) { User = user, Snapshot = snapshot };
        }

        var state = folder.Read();
        return new GuestCondition(GuestPower.Running)
        {
            Endpoint = state?.Endpoint ?? await FindEndpointAsync(definition, vmrun, site, cancellationToken),
            User = user,
            Snapshot = snapshot,
            Stays = state is not { Kept: false },
        };
    }

    private static async Task<GuestEndpoint?> FindEndpointAsync(GuestDefinition definition, Vmrun vmrun, GuestSite site, CancellationToken cancellationToken)
    {
        var ssh = new SshEndpoint(definition, site);
        string address;
        try
        {
            address = await new AddressSearch(vmrun, ssh.Port, site, console: null).FindAsync(LookLimit, definition.File, cancellationToken);
        }
        catch (InfrastructureException)
        {
            return null;
        }

        return await ssh.GetAsync(address, cancellationToken);
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
