using System.Buffers.Binary;

namespace KextDev.MachO;

/// <summary>
/// Reads Mach-O files, thin and fat. The bytes are taken as hostile: what is malformed yields diagnostics, and time and memory are
/// bounded by the length of the file. The result refers to the bytes that were given.
/// </summary>
public static class MachOReader
{
    // mach-o/fat.h: these headers are big-endian.
    private const uint FatMagic = 0xCAFEBABE;
    private const uint FatMagic64 = 0xCAFEBABF;

    private const uint MaximumSlices = 64;

    /// <param name="name">Of the file, for messages.</param>
    public static MachOReading Read(ReadOnlyMemory<byte> bytes, string name)
    {
        var diagnostics = new DiagnosticBag();
        if (bytes.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(bytes.Span) is FatMagic or FatMagic64)
        {
            var slices = ReadFat(bytes, name, diagnostics);
            return new MachOReading(slices.Find(slice => slice.CpuType == MachOHeader.X86)?.File, diagnostics.Found) { Slices = slices };
        }

        var file = ReadThin(bytes, name, diagnostics);
        return new MachOReading(file, diagnostics.Found)
        {
            Slices = file is null ? [] : [new MachOSlice(file.Header.CpuType, file.Header.CpuSubtype, 0, bytes.Length, file)],
        };
    }

    internal static MachOFile? ReadThin(ReadOnlyMemory<byte> bytes, string name, DiagnosticBag diagnostics)
    {
        var span = bytes.Span;
        if (span.Length < MachOHeader.Size)
        {
            diagnostics.Error("KL1001", $"not a Mach-O file: {span.Length} bytes are too few for its header, it may be cut short", name);
            return null;
        }

        var magic = BinaryPrimitives.ReadUInt32LittleEndian(span);
        if (magic != MachOHeader.Magic64)
        {
            diagnostics.Error(
                "KL1001",
                magic is 0xFEEDFACE or 0xCEFAEDFE or 0xCFFAEDFE
                    ? "a Mach-O file that is 32-bit or big-endian; only 64-bit little-endian ones are read: compile for x86_64"
                    : $"not a Mach-O file: it starts with 0x{magic:x8}; compile with -target x86_64-apple-macosx",
                name);
            return null;
        }

        return new LoadCommandReader(bytes, name, diagnostics).Read();
    }

    private static List<MachOSlice> ReadFat(ReadOnlyMemory<byte> bytes, string name, DiagnosticBag diagnostics)
    {
        var span = bytes.Span;
        var wide = BinaryPrimitives.ReadUInt32BigEndian(span) == FatMagic64;
        var count = BinaryPrimitives.ReadUInt32BigEndian(span[4..]);
        var entrySize = wide ? 32 : 20;
        var slices = new List<MachOSlice>();
        if (count == 0 || count > MaximumSlices || 8 + (count * entrySize) > span.Length)
        {
            diagnostics.Error("KL1006", $"its fat header announces {count} slices, which it cannot hold", name);
            return slices;
        }

        for (var index = 0; index < count; index++)
        {
            var entry = span.Slice(8 + (index * entrySize), entrySize);
            var processor = BinaryPrimitives.ReadUInt32BigEndian(entry);
            var offset = wide ? BinaryPrimitives.ReadUInt64BigEndian(entry[8..]) : BinaryPrimitives.ReadUInt32BigEndian(entry[8..]);
            var size = wide ? BinaryPrimitives.ReadUInt64BigEndian(entry[16..]) : BinaryPrimitives.ReadUInt32BigEndian(entry[12..]);
            if (offset > (ulong)span.Length || size > (ulong)span.Length - offset)
            {
                diagnostics.Error("KL1006", $"its slice {index + 1} (processor 0x{processor:x}) reaches out of the file", name);
                continue;
            }

            var slice = bytes.Slice((int)offset, (int)size);
            var readable = slice.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(slice.Span) == MachOHeader.Magic64;
            slices.Add(new MachOSlice(
                processor, BinaryPrimitives.ReadUInt32BigEndian(entry[4..]), (int)offset, (int)size,
                readable || processor == MachOHeader.X86 ? ReadThin(slice, name, diagnostics) : null));
        }

        return slices;
    }
}
