using System.Buffers.Binary;

namespace KextDev.MachO;

/// <summary>Files that hold one Mach-O file or one static archive for each of several processors. Their header (mach-o/fat.h) is big-endian.</summary>
internal static class FatFile
{
    private const uint Magic = 0xCAFEBABE;
    private const uint Magic64 = 0xCAFEBABF;

    private const uint MaximumSlices = 64;

    public static bool IsFat(ReadOnlySpan<byte> bytes) => bytes.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(bytes) is Magic or Magic64;

    /// <summary>The slices that lie within the file, unread.</summary>
    public static IReadOnlyList<MachOSlice> Slices(ReadOnlyMemory<byte> bytes, string name, DiagnosticBag diagnostics)
    {
        var span = bytes.Span;
        var wide = BinaryPrimitives.ReadUInt32BigEndian(span) == Magic64;
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

            slices.Add(new MachOSlice(processor, BinaryPrimitives.ReadUInt32BigEndian(entry[4..]), (int)offset, bytes.Slice((int)offset, (int)size)));
        }

        return slices;
    }
}
