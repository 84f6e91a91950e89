using KextDev.Projects;

namespace KextDev.Guests.Vmware;

/// <summary>The .vmx file of a new machine: what VMware needs to boot macOS, or Linux, from one disk.</summary>
internal static class VmxTemplate
{
    /// <summary>Least memory with which macOS's installer and systems start, MiB.</summary>
    public const int LeastDarwinMemory = 2048;

    public static VmxFile Of(GuestDefinition definition, string diskFile)
    {
        var own = definition is { Platform: GuestPlatform.Darwin, Recipe: null } ? Darwin(definition.Release) : Linux(definition);
        return VmxFile.Parse(ReadOnlyMemory<byte>.Empty).With([.. Common(definition, diskFile), .. own]);
    }

    private static IEnumerable<VmxChange> Common(GuestDefinition definition, string diskFile) =>
    [
        new(".encoding", "UTF-8"),
        new("config.version", "8"),
        new("displayName", definition.Name),
        new("memsize", $"{definition.Memory}"),
        new("numvcpus", $"{definition.Cpus}"),
        new("vmci0.present", VmxChange.On),
        new("hpet0.present", VmxChange.On),
        .. Bridges(),
        new("sata0.present", VmxChange.On),
        new("sata0:0.present", VmxChange.On),
        new("sata0:0.fileName", diskFile),
        new("usb.present", VmxChange.On),
        new("ehci.present", VmxChange.On),
        new("usb_xhci.present", VmxChange.On),
        new("floppy0.present", VmxChange.Off),
        new("svga.present", VmxChange.On),
        new("ethernet0.present", VmxChange.On),
        new("ethernet0.startConnected", VmxChange.On),
        new("ethernet0.connectionType", "nat"),
        new("ethernet0.addressType", "generated"),
    ];

    // Without the root ports an e1000e card finds no slot.
    private static IEnumerable<VmxChange> Bridges()
    {
        yield return new VmxChange("pciBridge0.present", VmxChange.On);
        for (var bridge = 4; bridge <= 7; bridge++)
        {
            yield return new VmxChange($"pciBridge{bridge}.present", VmxChange.On);
            yield return new VmxChange($"pciBridge{bridge}.virtualDev", "pcieRootPort");
            yield return new VmxChange($"pciBridge{bridge}.functions", "8");
        }
    }

    private static IEnumerable<VmxChange> Darwin(string release)
    {
        // 10.n is Darwin n+4, and 11 follows 10.15.
        var kernel = release == "11" ? 20 : int.Parse(release["10.".Length..], System.Globalization.CultureInfo.InvariantCulture) + 4;
        return
        [
            new("virtualHW.version", kernel >= 20 ? "18" : kernel >= 19 ? "16" : "14"),
            new("guestOS", $"darwin{kernel}-64"),
            new("firmware", "efi"),
            new("smc.present", VmxChange.On),
            new("ich7m.present", VmxChange.On),
            new("board-id.reflectHost", VmxChange.On),
            .. VmxChange.NetworkCard(NetworkCardModel.E1000e),
        ];
    }

    // Debian's cloud kernel has a driver for this card of VMware's, and for none of Intel's.
    private static IEnumerable<VmxChange> Linux(GuestDefinition definition) =>
    [
        new("virtualHW.version", "18"),
        new("guestOS", "debian12-64"),
        new("firmware", "bios"),
        new("ethernet0.virtualDev", definition.Recipe is null ? "e1000e" : "vmxnet3"),
    ];
}
