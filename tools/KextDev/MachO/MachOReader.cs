using System.Buffers.Binary;

namespace KextDev.MachO;

/// <summary>
/// Reads Mach-O files, thin and fat. The bytes are taken as hostile: what is malformed yields diagnostics, and time and memory are
/// bounded by the length of the file. The result refers to the bytes that were given.
/// </summary>
public static class MachOReader
{
    /// <param name="name">Of the file, for messages.</param>
    public static MachOReading Read(ReadOnlyMemory<byte> bytes, string name)
    {
        var diagnostics = new DiagnosticBag();
        if (FatFile.IsFat(bytes.Span))
        {
            var slices = FatFile.Slices(bytes, name, diagnostics).Select(slice => slice with { File = ReadSlice(slice, name, diagnostics) }).ToList();
            return new MachOReading(slices.Find(slice => slice.CpuType == MachOHeader.X86)?.File, diagnostics.Found) { Slices = slices };
        }

        var file = ReadThin(bytes, name, diagnostics);
        return new MachOReading(file, diagnostics.Found)
        {
            Slices = file is null ? [] : [new MachOSlice(file.Header.CpuType, file.Header.CpuSubtype, 0, bytes) { File = file }],
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
                magic switch
                {
                    0xFEEDFACE or 0xCEFAEDFE or 0xCFFAEDFE =>
                        "a Mach-O file that is 32-bit or big-endian; only 64-bit little-endian ones are read: compile for x86_64",
                    0xDEC04342 or 0x0B17C0DE => "LLVM bitcode, not a Mach-O file; compile without -flto and -emit-llvm",
                    _ => $"not a Mach-O file: it starts with 0x{magic:x8}; compile with -target x86_64-apple-macosx",
                },
                name);
            return null;
        }

        return new LoadCommandReader(bytes, name, diagnostics).Read();
    }

    // Slices of other processors may be 32-bit: these are listed and not read.
    private static MachOFile? ReadSlice(MachOSlice slice, string name, DiagnosticBag diagnostics) =>
        slice.CpuType == MachOHeader.X86 || (slice.Bytes.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(slice.Bytes.Span) == MachOHeader.Magic64)
            ? ReadThin(slice.Bytes, name, diagnostics)
            : null;
}
