namespace KextDev.Guests.Vmware;

/// <summary>Makes a VMware machine fit for testing and debugging kernel extensions: its .vmx file as it is, and as it shall be.</summary>
public sealed class MachineSetup
{
    private const string OwnShare = "kextdev";

    private readonly GuestDefinition _definition;
    private readonly GuestSite _site;
    private readonly VmxFile _before;
    private readonly VmxFile _after;

    /// <param name="sharedFolder">A folder of the host that the guest shall see, read-only; null for none.</param>
    /// <exception cref="InfrastructureException">The guest is not VMware's, or its .vmx file cannot be read.</exception>
    public MachineSetup(GuestDefinition definition, string? sharedFolder, GuestSite site)
    {
        if (definition.Driver != GuestDriver.Vmware)
        {
            throw new InfrastructureException($"The guest {definition.Name} has no .vmx file to configure: its driver is another. Choose a guest whose \"driver\" is \"vmware\".");
        }

        _definition = definition;
        _site = site;
        _before = VmxFile.Read(definition.VmxFile);
        _after = _before.With(Changes(_before, Path.GetDirectoryName(definition.VmxFile)!, sharedFolder, card: definition.Recipe is null));
    }

    /// <summary>What would change, line by line; empty when the machine is as it shall be.</summary>
    public IReadOnlyList<string> Difference => _before.DiffTo(_after);

    /// <returns>Where the file is kept as it was.</returns>
    /// <exception cref="InfrastructureException">The machine runs.</exception>
    public async Task<string> ApplyAsync(CancellationToken cancellationToken)
    {
        if (await Vmrun.Of(_definition, _site).IsRunningAsync(cancellationToken))
        {
            throw new InfrastructureException(
                $"{_definition.VmxFile} was not changed: the machine runs, and VMware would write its own file over the change. Stop it first: ./build.sh VmDown --guest {_definition.Name}");
        }

        return _after.Save(_definition.VmxFile, DateTimeOffset.Now);
    }

    /// <param name="card">Whether the network card shall be one that a kernel can be debugged over; an embedded guest's kernel has drivers for others alone.</param>
    internal static IReadOnlyList<VmxChange> Changes(VmxFile file, string folder, string? sharedFolder, bool card = true)
    {
        return
        [
            .. VmxChange.UnattendedStart,
            // A console that somebody else set up stays where it is.
            .. SerialConsole.FileOf(file, folder) is null ? VmxChange.SerialConsole("serial0.log") : [],
            .. VmxChange.DebugStub(VmwareDebugStub.PortOf(file)),
            .. !card || CanDebugOver(file.Get("ethernet0.virtualDev")) ? [] : VmxChange.NetworkCard(NetworkCardModel.E1000e),
            .. sharedFolder is null ? [] : VmxChange.SharedFolder(file, OwnShare, Path.GetFullPath(sharedFolder), writable: false),
        ];
    }

    private static bool CanDebugOver(string? card) => Enum.TryParse<NetworkCardModel>(card, ignoreCase: true, out _);
}
