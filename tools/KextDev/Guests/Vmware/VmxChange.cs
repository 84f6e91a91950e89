namespace KextDev.Guests.Vmware;

/// <summary>One setting of a .vmx file as it shall be.</summary>
/// <param name="Name">Without white space, '=' and '#'.</param>
/// <param name="Value">Null removes the setting.</param>
public sealed record VmxChange(string Name, string? Value)
{
    internal const string On = "TRUE";
    internal const string Off = "FALSE";
    internal const string DebugPort = "debugStub.port.guest64";

    /// <summary>VMware asks whether a machine was moved or copied, and waits for somebody to click; this answers by itself.</summary>
    public static IReadOnlyList<VmxChange> UnattendedStart => [new("msg.autoAnswer", On), new("uuid.action", "keep")];

    /// <summary>The guest's kernel console goes to a file of the host.</summary>
    /// <param name="file">Absolute, or relative to the .vmx file's folder.</param>
    /// <param name="port">Which serial port, 0 to 3.</param>
    public static IReadOnlyList<VmxChange> SerialConsole(string file, int port = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 3);
        return
        [
            new($"serial{port}.present", On),
            new($"serial{port}.startConnected", On),
            new($"serial{port}.fileType", "file"),
            new($"serial{port}.fileName", file),
            // A panic's report must not be thinned out when it comes faster than a real port could send it.
            new($"serial{port}.tryNoRxLoss", On),
            new($"serial{port}.yieldOnMsrRead", On),
        ];
    }

    /// <summary>A debugger on this machine, and on no other, may halt and inspect the guest's kernel.</summary>
    /// <param name="port">On the loopback interface.</param>
    public static IReadOnlyList<VmxChange> DebugStub(int port = VmwareDebugStub.UsualPort)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        return
        [
            new("debugStub.listen.guest64", On),
            new("debugStub.listen.guest64.remote", Off),
            new(DebugPort, $"{port}"),
            // Breakpoints in the processor's registers: the guest's code keeps its bytes, and so its checksums.
            new("debugStub.hideBreakpoints", On),
        ];
    }

    public static IReadOnlyList<VmxChange> NoDebugStub =>
        [new("debugStub.listen.guest64", Off), new("debugStub.listen.guest64.remote", Off)];

    /// <summary>A network card behind the host's address translation.</summary>
    public static IReadOnlyList<VmxChange> NetworkCard(NetworkCardModel model, int card = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(card);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(card, 9);
        return
        [
            new($"ethernet{card}.present", On),
            new($"ethernet{card}.startConnected", On),
            new($"ethernet{card}.connectionType", "nat"),
            new($"ethernet{card}.virtualDev", model.ToString().ToLowerInvariant()),
        ];
    }

    /// <summary>A folder of the host that the guest sees under /Volumes/VMware Shared Folders (macOS) or /mnt/hgfs (Linux).</summary>
    /// <param name="guestName">How the guest calls it.</param>
    /// <param name="hostPath">Absolute.</param>
    public static IReadOnlyList<VmxChange> SharedFolder(VmxFile file, string guestName, string hostPath, bool writable)
    {
        ArgumentException.ThrowIfNullOrEmpty(guestName);
        var count = int.TryParse(file.Get("sharedFolder.maxNum"), out var known) && known is >= 0 and < 100 ? known : 0;
        var own = Enumerable.Range(0, count)
            .Where(index => string.Equals(file.Get($"sharedFolder{index}.guestName"), guestName, StringComparison.OrdinalIgnoreCase))
            .DefaultIfEmpty(count)
            .First();
        var folder = $"sharedFolder{own}";
        return
        [
            new("isolation.tools.hgfs.disable", Off),
            new("sharedFolder.maxNum", $"{Math.Max(count, own + 1)}"),
            new($"{folder}.present", On),
            new($"{folder}.enabled", On),
            new($"{folder}.readAccess", On),
            new($"{folder}.writeAccess", writable ? On : Off),
            new($"{folder}.hostPath", hostPath),
            new($"{folder}.guestName", guestName),
            new($"{folder}.expiration", "never"),
        ];
    }
}

/// <summary>Cards that macOS has a driver for; with both, the kernel can be debugged over the network.</summary>
public enum NetworkCardModel
{
    /// <summary>Intel 82545EM.</summary>
    E1000,

    /// <summary>Intel 82574L.</summary>
    E1000e,
}
