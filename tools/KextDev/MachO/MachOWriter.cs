using System.Buffers.Binary;
using System.Text;

namespace KextDev.MachO;

/// <summary>Writes a Mach-O file as its model says: every table goes where its load command points.</summary>
public static class MachOWriter
{
    /// <summary>What was read comes out byte for byte.</summary>
    /// <exception cref="ArgumentException">A table reaches out of the file's length.</exception>
    public static byte[] Write(MachOFile file)
    {
        var output = new byte[file.Length];
        WriteCommands(output, file.Header, file.Commands);
        foreach (var section in file.Sections)
        {
            Put(output, section.Offset, section.Content);
            Put(output, section.RelocationOffset, section.RelocationBytes);
        }

        if (file.Commands.OfType<SymbolTableCommand>().FirstOrDefault() is { } symbols)
        {
            Put(output, symbols.SymbolOffset, file.SymbolBytes);
            Put(output, symbols.StringOffset, file.StringTable);
        }

        if (file.DynamicSymbols is { } dynamic)
        {
            Put(output, dynamic.LocalRelocationOffset, file.LocalRelocationBytes);
            Put(output, dynamic.ExternalRelocationOffset, file.ExternalRelocationBytes);
        }

        foreach (var range in file.Rest)
        {
            Put(output, (uint)range.Offset, range.Bytes);
        }

        return output;
    }

    /// <summary>Header and load commands, from the start of the output on.</summary>
    internal static void WriteCommands(Span<byte> output, MachOHeader header, IReadOnlyList<LoadCommand> commands)
    {
        var size = commands.Sum(command => command.Size);
        WriteWords(
            output, MachOHeader.Magic64, header.CpuType, header.CpuSubtype, header.FileType,
            (uint)commands.Count, (uint)size, header.Flags, header.Reserved);
        output = output[MachOHeader.Size..];
        foreach (var command in commands)
        {
            WriteWords(output, command.Command, (uint)command.Size);
            WriteBody(output[8..command.Size], command);
            output = output[command.Size..];
        }
    }

    private static void WriteBody(Span<byte> body, LoadCommand command)
    {
        switch (command)
        {
            case SegmentCommand segment:
                WriteSegment(body, segment);
                break;
            case SymbolTableCommand symbols:
                WriteWords(body, symbols.SymbolOffset, symbols.SymbolCount, symbols.StringOffset, symbols.StringSize);
                break;
            case DynamicSymbolTableCommand dynamic:
                WriteWords(body, [.. dynamic.Words]);
                break;
            case UuidCommand uuid:
                uuid.Value.TryWriteBytes(body, bigEndian: true, out _);
                break;
            case OtherCommand other:
                other.Body.Span.CopyTo(body);
                break;
        }
    }

    private static void WriteSegment(Span<byte> body, SegmentCommand segment)
    {
        WriteName(body, segment.Name);
        WriteLongs(body[16..], segment.Address, segment.VirtualSize, segment.FileOffset, segment.FileSize);
        WriteWords(body[48..], segment.MaximumProtection, segment.InitialProtection, (uint)segment.Sections.Count, segment.Flags);
        for (var index = 0; index < segment.Sections.Count; index++)
        {
            var section = segment.Sections[index];
            var header = body.Slice(SegmentCommand.FixedSize - 8 + (index * Section.HeaderSize), Section.HeaderSize);
            WriteName(header, section.Name);
            WriteName(header[16..], section.Segment);
            WriteLongs(header[32..], section.Address, section.Size);
            WriteWords(
                header[48..], section.Offset, section.Alignment, section.RelocationOffset, (uint)section.Relocations.Length,
                section.Flags, section.Reserved1, section.Reserved2, section.Reserved3);
        }
    }

    private static void Put(byte[] output, uint offset, ReadOnlyMemory<byte> bytes)
    {
        // The offset of an empty table means nothing.
        if (!bytes.IsEmpty)
        {
            bytes.Span.CopyTo(output.AsSpan((int)offset));
        }
    }

    private static void WriteName(Span<byte> field, string name) => Encoding.Latin1.GetBytes(name, field[..16]);

    private static void WriteWords(Span<byte> output, params ReadOnlySpan<uint> words)
    {
        for (var index = 0; index < words.Length; index++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(output[(index * 4)..], words[index]);
        }
    }

    private static void WriteLongs(Span<byte> output, params ReadOnlySpan<ulong> words)
    {
        for (var index = 0; index < words.Length; index++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(output[(index * 8)..], words[index]);
        }
    }
}
