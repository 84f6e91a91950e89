using System.Buffers.Binary;
using System.Text;
using KextDev.Processes;

namespace KextDev.Guests.Images;

/// <summary>
/// A disk from which a PC's BIOS boots a Linux kernel: GRUB's first sector, GRUB's core in the gap behind it, and one partition, which is no file system
/// but a cpio archive: GRUB reads these, too. Made without root and without mounting anything.
/// </summary>
public static class BootDisk
{
    /// <summary>Of Debian's grub-pc-bin.</summary>
    public const string FirstSectorFile = "/usr/lib/grub/i386-pc/boot.img";

    public const string CoreProgram = "grub-mkimage";

    private const int SectorSize = 512;

    /// <summary>The core begins at sector 1, where the first sector looks for it unless told otherwise.</summary>
    private const int PartitionSector = 2048;

    /// <summary>Of the partition table; code of the first sector that serves floppy disks alone stands in the same place.</summary>
    private const int TableOffset = 446;

    private const byte Active = 0x80;
    private const byte LinuxType = 0x83;

    /// <summary>No address by cylinder, head and sector: the one by sector number counts.</summary>
    private static ReadOnlySpan<byte> NoCylinder => [0xFE, 0xFF, 0xFF];

    /// <param name="rawFile">The disk's content, byte by byte.</param>
    /// <param name="kernelArguments">Words without spaces.</param>
    public static async Task WriteAsync(string rawFile, BootImage image, IEnumerable<string> kernelArguments, CancellationToken cancellationToken)
    {
        var core = await MakeCoreAsync(rawFile + ".core", kernelArguments, cancellationToken);
        if (core.Length > (PartitionSector - 1) * SectorSize)
        {
            throw new InfrastructureException($"The boot disk was not made: the core that {CoreProgram} made has {core.Length} bytes, and only {(PartitionSector - 1) * SectorSize} fit before the partition.");
        }

        var content = new CpioArchive();
        content.AddFile("vmlinuz", await File.ReadAllBytesAsync(image.Kernel, cancellationToken));
        content.AddFile("initrd", await File.ReadAllBytesAsync(image.Initrd, cancellationToken));
        try
        {
            await using var disk = new FileStream(rawFile, FileMode.CreateNew, FileAccess.Write);
            disk.Seek(PartitionSector * SectorSize, SeekOrigin.Begin);
            content.WriteTo(disk);

            // A VMDK counts in grains of 64 KiB.
            disk.SetLength((disk.Length + 0xF_FFFF) & ~0xF_FFFFL);
            disk.Seek(0, SeekOrigin.Begin);
            disk.Write(FirstSector(await File.ReadAllBytesAsync(FirstSectorFile, cancellationToken), disk.Length));
            disk.Write(core);
        }
        catch (IOException exception) when (DiskFullException.Explains(exception))
        {
            throw new DiskFullException(rawFile, exception);
        }
    }

    internal static byte[] FirstSector(byte[] code, long diskLength)
    {
        var sector = code.AsSpan(0, SectorSize).ToArray();
        var table = sector.AsSpan(TableOffset);
        table.Clear();
        table[0] = Active;
        NoCylinder.CopyTo(table[1..]);
        table[4] = LinuxType;
        NoCylinder.CopyTo(table[5..]);
        BinaryPrimitives.WriteInt32LittleEndian(table[8..], PartitionSector);
        BinaryPrimitives.WriteInt32LittleEndian(table[12..], checked((int)(diskLength / SectorSize) - PartitionSector));
        sector[^2] = 0x55;
        sector[^1] = 0xAA;
        return sector;
    }

    private static async Task<byte[]> MakeCoreAsync(string file, IEnumerable<string> kernelArguments, CancellationToken cancellationToken)
    {
        const string Partition = "(hd0,msdos1)";
        var script = file + ".cfg";
        try
        {
            await File.WriteAllTextAsync(
                script, $"linux {Partition}/vmlinuz {string.Join(' ', kernelArguments)}\ninitrd {Partition}/initrd\nboot\n", Encoding.ASCII, cancellationToken);
            await new HostCommand(
                CoreProgram, "-O", "i386-pc", "-d", Path.GetDirectoryName(FirstSectorFile)!, "-p", $"{Partition}/", "-c", script, "-o", file,
                "biosdisk", "part_msdos", "newc", "linux").RunAsync(cancellationToken);
            return await File.ReadAllBytesAsync(file, cancellationToken);
        }
        finally
        {
            File.Delete(script);
            File.Delete(file);
        }
    }
}
