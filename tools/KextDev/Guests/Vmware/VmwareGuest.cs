using KextDev.Guests.Ssh;
using KextDev.Toolchains;

namespace KextDev.Guests.Vmware;

/// <summary>A guest in VMware Fusion, Workstation or Player on this machine.</summary>
/// <remarks>
/// A machine that runs already is joined and left running. Any other is restored to the definition's snapshot, where it names one, started without a window,
/// and ended again.
/// </remarks>
public class VmwareGuest : IGuest, IKeepable, ISnapshots, IKernelHeaders, IMovable, IDebugStub, IRestartable
{
    private readonly GuestDefinition _definition;
    private readonly GuestSite _site;
    private readonly VmwareFolder _folder;
    private Vmrun? _vmrun;
    private FolderLock? _held;
    private GuestEndpoint? _endpoint;

    public VmwareGuest(GuestDefinition definition, GuestSite site)
    {
        _definition = definition;
        _site = site;
        _folder = VmwareFolder.Of(definition.Name, site.State);
    }

    public string Name => _definition.Name;

    public bool Joined { get; private set; }

    public string? RestartObstacle => _definition.Snapshot is { } snapshot
        ? $"Its machine ran before, and a start would take it back to its snapshot '{snapshot}'. ./build.sh VmDown --guest {Name} ends it, and the next run starts it from there."
        : null;

    /// <summary>Where the machine's serial port goes; null when it has none that goes to a file.</summary>
    private protected string? SerialFile { get; init; }

    private Vmrun Vmrun => _vmrun ??= Vmrun.Of(_definition, _site);

    /// <summary>The guest, with a serial console where its machine has one.</summary>
    /// <exception cref="InfrastructureException">The machine's .vmx file cannot be read.</exception>
    public static VmwareGuest Create(GuestDefinition definition, GuestSite site) =>
        SerialConsole.FileOf(VmxFile.Read(definition.VmxFile), Path.GetDirectoryName(definition.VmxFile)!) is { } file
            ? new VmwareConsoleGuest(definition, site, file)
            : new VmwareGuest(definition, site);

    public async Task<GuestEndpoint> StartAsync(CancellationToken cancellationToken)
    {
        if (_endpoint is not null)
        {
            return _endpoint;
        }

        await VmwareMachines.EndOrphansAsync(_site, cancellationToken);
        Require();
        _held = Take();
        var started = false;
        try
        {
            Joined = await Vmrun.IsRunningAsync(cancellationToken);
            if (Joined)
            {
                _site.Note($"The guest {Name} runs already: it is joined as it is{(_definition.Snapshot is { } snapshot ? $", not restored to '{snapshot}'" : "")}.");
            }
            else
            {
                if (_definition.Snapshot is { } clean)
                {
                    await Vmrun.RevertToSnapshotAsync(clean, cancellationToken);
                }

                if (SerialFile is not null)
                {
                    SerialConsole.BeginAnew(SerialFile);
                }

                // Written before the machine runs: whoever finds it orphaned can end it.
                _folder.Write(NewState());
                started = true;
                await Vmrun.StartAsync(cancellationToken);
            }

            return await ConnectAsync(cancellationToken);
        }
        catch
        {
            try
            {
                // A machine of which it is not known whether it ran before is somebody else's.
                if (started)
                {
                    await EndAsync(CancellationToken.None);
                }
            }
            finally
            {
                Release();
            }

            throw;
        }
    }

    public void Keep() => _folder.Write((_folder.Read() ?? NewState()) with { Endpoint = _endpoint, Kept = true });

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var held = _held ?? FolderLock.TryTake(_folder.Path)
            ?? throw new InfrastructureException($"The guest {Name} was not stopped: {FolderLock.Holder(_folder.Path)} uses it. Wait for that, or end it, then try again.");
        _held = null;
        _endpoint = null;
        await EndAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_held is not null && !Joined && _folder.Read() is not { Kept: true })
        {
            await EndAsync(CancellationToken.None);
        }

        Release();
        GC.SuppressFinalize(this);
    }

    public async Task<IReadOnlyList<string>> ListSnapshotsAsync(CancellationToken cancellationToken) =>
        Vmrun.Program.Product == VmwareProduct.Player ? [] : await Vmrun.ListSnapshotsAsync(cancellationToken);

    public async Task TakeSnapshotAsync(string name, CancellationToken cancellationToken)
    {
        using var held = _held is null ? Take() : null;
        await Vmrun.TakeSnapshotAsync(name, cancellationToken);
    }

    public async Task<GuestEndpoint> RestoreSnapshotAsync(string name, CancellationToken cancellationToken)
    {
        if (_held is null)
        {
            await TakeAsIsAsync(cancellationToken);
        }

        await Vmrun.RevertToSnapshotAsync(name, cancellationToken);
        if (!await Vmrun.IsRunningAsync(cancellationToken))
        {
            if (!Joined)
            {
                _folder.Write(_folder.Read() ?? NewState());
            }

            await Vmrun.StartAsync(cancellationToken);
        }

        return await ConnectAsync(cancellationToken);
    }

    public Task<GuestEndpoint> LocateAsync(CancellationToken cancellationToken) => ConnectAsync(cancellationToken);

    public Task<KernelTree> GetKernelTreeAsync(CancellationToken cancellationToken) => ForeignKernel.GetTreeAsync(_definition, _site, cancellationToken);

    public string? FindObstacle(bool atBoot) =>
        VmwareDebugStub.Find(VmxFile.Read(_definition.VmxFile)) is null
            ? $"the gdb stub of its machine is not switched on. ./build.sh VmConfigure --guest {_definition.Name} does that, while the machine is off"
            : atBoot ? "VMware halts a machine at its start for a setting in its .vmx file alone. Take --break now or --break panic" : null;

    public Task<DebugStub> HaltAsync(bool atBoot, CancellationToken cancellationToken) =>
        Task.FromResult<DebugStub>(VmwareDebugStub.Find(VmxFile.Read(_definition.VmxFile)) ?? throw new InfrastructureException($"No debugger can be opened on the guest {Name}: {FindObstacle(atBoot)}."));

    private FolderLock Take() => FolderLock.TryTake(_folder.Path)
        ?? throw new InfrastructureException($"The guest {Name} is in use by {FolderLock.Holder(_folder.Path)}: there is one such machine. Wait for that, then try again.");

    // Held only once it is known whether the machine ran before: what is held and was not joined is ended.
    private async Task TakeAsIsAsync(CancellationToken cancellationToken)
    {
        var held = Take();
        try
        {
            Joined = await Vmrun.IsRunningAsync(cancellationToken);
        }
        catch
        {
            held.Dispose();
            throw;
        }

        _held = held;
    }

    // What is missing is told before anything is waited for.
    private void Require()
    {
        if (_definition.Snapshot is { } snapshot && Vmrun.Program.Product == VmwareProduct.Player)
        {
            throw new InfrastructureException(
                $"The guest {Name} cannot be restored to '{snapshot}': VMware Player takes no snapshots. Use Workstation, or remove \"snapshot\" from {_definition.File}.");
        }

        if (SerialFile is null)
        {
            _site.Note(
                $"The guest {Name} has no serial console that goes to a file: a panic of its kernel shows as a lost connection, without its report. "
                + $"serial0.present = \"TRUE\", serial0.fileType = \"file\" and serial0.fileName in {_definition.VmxFile} make one.");
        }

        if (VmxFile.Read(_definition.VmxFile).RepeatedNames is [var name, ..])
        {
            _site.Note($"{_definition.VmxFile} sets {name} more than once, which VMware may refuse. Remove one of the lines.");
        }
    }

    private VmwareState NewState() => new(Vmrun.Program, _definition.VmxFile, Endpoint: null, DateTimeOffset.Now, Kept: false, SerialFile);

    private async Task<GuestEndpoint> ConnectAsync(CancellationToken cancellationToken)
    {
        var ssh = new SshEndpoint(_definition, _site);
        var search = new AddressSearch(Vmrun, ssh.Port, _site, SerialFile is null ? null : new ConsoleLog(SerialFile));
        var address = await search.FindAsync(TimeSpan.FromSeconds(_definition.StartLimit), _definition.File, cancellationToken);
        _endpoint = await ssh.GetAsync(address, cancellationToken);
        if (_folder.Read() is { } state)
        {
            _folder.Write(state with { Endpoint = _endpoint });
        }

        return _endpoint;
    }

    // A machine that the next start restores need not shut down in order.
    private async Task EndAsync(CancellationToken cancellationToken)
    {
        await (_definition.Snapshot is null ? Vmrun.StopAsync(cancellationToken) : Vmrun.SwitchOffAsync(cancellationToken));
        _folder.Forget();
    }

    private void Release()
    {
        _endpoint = null;
        _held?.Dispose();
        _held = null;
    }
}

/// <summary>A VMware guest whose machine prints its serial port into a file.</summary>
public sealed class VmwareConsoleGuest : VmwareGuest, ISerialConsole
{
    public VmwareConsoleGuest(GuestDefinition definition, GuestSite site, string consoleFile)
        : base(definition, site)
    {
        ConsoleFile = consoleFile;
        SerialFile = consoleFile;
    }

    public string ConsoleFile { get; }
}
