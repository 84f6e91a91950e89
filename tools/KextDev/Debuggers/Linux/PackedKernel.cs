using System.Buffers.Binary;
using KextDev.Processes;

namespace KextDev.Debuggers.Linux;

/// <summary>A Linux kernel as machines boot it: a bzImage, whose real kernel is packed within (Documentation/x86/boot.rst of Linux).</summary>
public static class PackedKernel
{
    private const int SectorSize = 512;
    private const int SetupSectors = 0x1F1;
    private const int Magic = 0x202;
    private const int PayloadOffset = 0x248;
    private const int HeaderEnd = 0x250;

    // How each packer's files begin. The first is lz4's legacy form, which kernels use.
    private static readonly (byte[] Magic, string Program)[] s_packers =
    [
        ([0x02, 0x21, 0x4C, 0x18], "lz4"),
        ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'], "xz"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
        ([0x1F, 0x8B], "gzip"),
    ];

    /// <summary>Writes the kernel's ELF file, vmlinux.</summary>
    /// <exception cref="InfrastructureException">The file is no such kernel, or is packed in another way.</exception>
    public static async Task UnpackAsync(string kernelFile, string vmlinux, CancellationToken cancellationToken)
    {
        var (payload, program) = FindPayload(kernelFile, await File.ReadAllBytesAsync(kernelFile, cancellationToken));
        var packed = vmlinux + ".packed";
        try
        {
            await File.WriteAllBytesAsync(packed, payload, cancellationToken);

            // After the packed bytes the kernel notes their length, at which packers take offence; whether all is there shows in the result.
            var unpacked = await new HostCommand("sh", "-c", "exec \"$1\" -dc < \"$2\" > \"$3\"", "sh", program, packed, vmlinux).TryRunAsync(cancellationToken);
            if (!IsElf(vmlinux))
            {
                throw new InfrastructureException($"The kernel {kernelFile} could not be unpacked: {program} said '{unpacked.Error.Trim()}'. Install {program}, or debug without the kernel's symbols.");
            }
        }
        finally
        {
            File.Delete(packed);
        }
    }

    internal static (byte[] Payload, string Program) FindPayload(string name, ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderEnd || !file[Magic..].StartsWith("HdrS"u8))
        {
            throw new InfrastructureException($"{name} is no kernel that a PC boots: it has no setup header. Name the vmlinuz file of the guest's kernel.");
        }

        var offset = ((file[SetupSectors] + 1L) * SectorSize) + BinaryPrimitives.ReadUInt32LittleEndian(file[PayloadOffset..]);
        var length = (long)BinaryPrimitives.ReadUInt32LittleEndian(file[(PayloadOffset + sizeof(uint))..]);
        if (offset + length > file.Length || length <= sizeof(uint))
        {
            throw new InfrastructureException($"The kernel {name} is cut short: its packed part should reach to byte {offset + length} of {file.Length}. Fetch it again.");
        }

        var payload = file.Slice((int)offset, (int)length);
        foreach (var (magic, program) in s_packers)
        {
            if (payload.StartsWith(magic))
            {
                return (payload.ToArray(), program);
            }
        }

        throw new InfrastructureException($"The kernel {name} is packed in a way that is not known here: it begins with {Convert.ToHexStringLower(payload[..sizeof(uint)])}. Known are lz4, xz, zstd and gzip.");
    }

    private static bool IsElf(string file)
    {
        var start = new byte[4];
        using var stream = File.OpenRead(file);
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.AsSpan().SequenceEqual("\u007fELF"u8);
    }
}
