using KextDev.Guests;
using KextDev.Guests.Vmware;

namespace KextDev.Debugging;

/// <summary>The stub in a VMware machine to which a debugger connects: settings of its .vmx file, which can be changed while the machine is off.</summary>
internal sealed class MachineStub(GuestDefinition definition)
{
    private IReadOnlyList<VmxChange> _planned = [];

    /// <summary>As it is set: names and values, null for what is not there.</summary>
    public IReadOnlyDictionary<string, string?> Settings
    {
        get
        {
            var file = VmxFile.Read(definition.VmxFile);
            return VmxChange.DebugStub().ToDictionary(setting => setting.Name, setting => file.Get(setting.Name), StringComparer.Ordinal);
        }
    }

    public bool IsPlanned => _planned.Count > 0;

    /// <param name="restored">Settings as they shall be again; null switches the stub on, at the port that it has.</param>
    /// <returns>What changes, line by line; empty for nothing.</returns>
    public IReadOnlyList<string> Plan(IReadOnlyDictionary<string, string?>? restored)
    {
        var file = VmxFile.Read(definition.VmxFile);
        VmxChange[] wanted = restored is null
            ? [.. VmxChange.DebugStub().Where(setting => setting.Name != VmxChange.DebugPort || file.Get(setting.Name) is null)]
            : [.. restored.Select(setting => new VmxChange(setting.Key, setting.Value))];
        _planned = [.. wanted.Where(setting => !string.Equals(file.Get(setting.Name), setting.Value, StringComparison.OrdinalIgnoreCase))];
        return file.DiffTo(file.With(_planned));
    }

    /// <summary>Does what was planned; the machine must be off.</summary>
    /// <returns>Where the file is kept as it was.</returns>
    public string Apply(DateTimeOffset now)
    {
        var backup = VmxFile.Read(definition.VmxFile).With(_planned).Save(definition.VmxFile, now);
        _planned = [];
        return backup;
    }
}
