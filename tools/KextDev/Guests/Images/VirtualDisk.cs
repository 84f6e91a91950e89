using KextDev.Processes;

namespace KextDev.Guests.Images;

/// <summary>A file that is a machine's disk, in a format that its name tells.</summary>
/// <remarks>qemu-img could guess, but a raw disk's content is its guest's: it could be made to look like a format that reads other files of the host.</remarks>
public static class VirtualDisk
{
    private static readonly Dictionary<string, string> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        [".vmdk"] = "vmdk", [".qcow2"] = "qcow2", [".vdi"] = "vdi", [".vhdx"] = "vhdx", [".dmg"] = "dmg", [".raw"] = "raw", [".img"] = "raw",
    };

    /// <summary>Makes a VMDK that grows as it fills, which Fusion, Workstation and Player take. The source is only read.</summary>
    /// <exception cref="InfrastructureException">There is no such source, its name tells no known format, or qemu-img failed.</exception>
    public static async Task CopyToVmdkAsync(string source, string vmdk, CancellationToken cancellationToken)
    {
        if (!File.Exists(source))
        {
            throw new InfrastructureException($"No machine was made: its disk {source} does not exist. Correct \"disk\" in the guest's definition.");
        }

        if (!Formats.TryGetValue(Path.GetExtension(source), out var format))
        {
            throw new InfrastructureException(
                $"No machine was made: the format of the disk {source} is not known by its name. Known are {string.Join(", ", Formats.Keys)}; rename it after its format.");
        }

        var command = new HostCommand("qemu-img", "convert", "-f", format, "-O", "vmdk", "-o", "subformat=monolithicSparse,adapter_type=lsilogic", source, vmdk);
        try
        {
            await command.RunAsync(cancellationToken);
        }
        catch (HostCommandException exception) when (DiskFullException.Explains(exception))
        {
            throw new DiskFullException(vmdk, exception);
        }
    }
}
