using System.Buffers.Binary;
using System.Text;

namespace KextDev.MachO;

/// <summary>The load commands of one thin file, and the tables that they point at.</summary>
internal sealed class LoadCommandReader(ReadOnlyMemory<byte> bytes, string name, DiagnosticBag diagnostics)
{
    // n_sect is a byte.
    private const int MaximumSections = 255;

    private readonly List<LoadCommand> _commands = [];
    private readonly List<Section> _sections = [];
    private readonly FileClaims _claims = new(bytes);
    private ReadOnlyMemory<byte> _symbols;
    private ReadOnlyMemory<byte> _strings;
    private ReadOnlyMemory<byte> _local;
    private ReadOnlyMemory<byte> _external;

    /// <summary>Null after an error.</summary>
    public MachOFile? Read()
    {
        var span = bytes.Span;
        var count = Word(span, 16);
        var size = Word(span, 20);
        if (size > span.Length - MachOHeader.Size || count > size / 8)
        {
            return Fail("KL1003", $"its {count} load commands of {size} bytes do not fit into {span.Length} bytes: it may be cut short");
        }

        var commands = bytes.Slice(MachOHeader.Size, (int)size);
        for (var index = 0; index < count; index++)
        {
            var left = commands.Span;
            if (left.Length < 8 || Word(left, 4) is var length && (length < 8 || length % 4 != 0 || length > left.Length))
            {
                return Fail("KL1003", $"the size of load command {index + 1} is wrong");
            }

            if (!ReadCommand(Word(left, 0), commands[..(int)length]))
            {
                return null;
            }

            commands = commands[(int)length..];
        }

        if (commands.Length > 0)
        {
            return Fail("KL1003", $"{commands.Length} bytes follow the last load command within their announced size");
        }

        _claims.Add(0, (uint)MachOHeader.Size + size);
        if (_claims.Overlap)
        {
            return Fail("KL1005", "its sections and tables together are longer than the file: they overlap");
        }

        return new MachOFile(new MachOHeader(Word(span, 4), Word(span, 8), Word(span, 12), Word(span, 24), Word(span, 28)), _commands, bytes.Length)
        {
            Sections = _sections,
            SymbolBytes = _symbols,
            StringTable = _strings,
            LocalRelocationBytes = _local,
            ExternalRelocationBytes = _external,
            Rest = _claims.Unclaimed(),
        };
    }

    private static uint Word(ReadOnlySpan<byte> span, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(span[offset..]);

    private static ulong Long(ReadOnlySpan<byte> span, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(span[offset..]);

    private static string Name(ReadOnlySpan<byte> field) => Encoding.Latin1.GetString(field.TrimEnd((byte)0));

    private bool ReadCommand(uint command, ReadOnlyMemory<byte> memory)
    {
        var span = memory.Span;
        switch (command)
        {
            case LoadCommand.Segment64:
                return ReadSegment(span);
            case LoadCommand.SymbolTable:
                return ReadSymbolTable(span);
            case LoadCommand.DynamicSymbolTable:
                return ReadDynamicSymbolTable(span);
            case LoadCommand.Uuid when span.Length == UuidCommand.FixedSize:
                _commands.Add(new UuidCommand(new Guid(span[8..], bigEndian: true)));
                return true;
            default:
                _commands.Add(new OtherCommand(command, memory[8..]));
                return true;
        }
    }

    private bool ReadSegment(ReadOnlySpan<byte> span)
    {
        if (span.Length < SegmentCommand.FixedSize || Word(span, 64) is var count && span.Length != SegmentCommand.FixedSize + (count * Section.HeaderSize))
        {
            return Refuse("KL1003", "the size of a segment's load command does not fit its sections");
        }

        if (_sections.Count + count > MaximumSections)
        {
            return Refuse("KL1003", $"more than {MaximumSections} sections");
        }

        var sections = new Section[count];
        for (var index = 0; index < count; index++)
        {
            if (ReadSection(span.Slice(SegmentCommand.FixedSize + (index * Section.HeaderSize), Section.HeaderSize)) is not { } section)
            {
                return false;
            }

            sections[index] = section;
        }

        var (offset, size) = (Long(span, 40), Long(span, 48));
        if (offset > (ulong)bytes.Length || size > (ulong)bytes.Length - offset)
        {
            return Refuse("KL1004", $"segment '{Name(span.Slice(8, 16))}' reaches out of the file, which may be cut short");
        }

        _commands.Add(new SegmentCommand(Name(span.Slice(8, 16)), Long(span, 24), Long(span, 32), offset, size, Word(span, 56), Word(span, 60))
        {
            Flags = Word(span, 68),
            Sections = sections,
        });
        _sections.AddRange(sections);
        return true;
    }

    private Section? ReadSection(ReadOnlySpan<byte> span)
    {
        var section = new Section(
            Name(span.Slice(16, 16)), Name(span[..16]), Long(span, 32), Long(span, 40), Word(span, 48), Word(span, 52), Word(span, 64))
        {
            RelocationOffset = Word(span, 56),
            Reserved1 = Word(span, 68),
            Reserved2 = Word(span, 72),
            Reserved3 = Word(span, 76),
        };
        ReadOnlyMemory<byte> content = default;
        if (section.Alignment > 31 || section.Size > ulong.MaxValue - section.Address)
        {
            Refuse("KL1003", $"section {section} has an impossible alignment or size");
            return null;
        }

        var sound = section.IsZeroFill || Take(section.Offset, section.Size, 1, $"section {section}", out content);
        return sound && Take(section.RelocationOffset, Word(span, 60), Relocation.Size, $"relocations of section {section}", out var relocations)
            ? section with { Content = content, RelocationBytes = relocations }
            : null;
    }

    private bool ReadSymbolTable(ReadOnlySpan<byte> span)
    {
        if (span.Length != SymbolTableCommand.FixedSize || _commands.Exists(command => command is SymbolTableCommand))
        {
            return Refuse("KL1003", "LC_SYMTAB has a wrong size, or there are two");
        }

        var command = new SymbolTableCommand(Word(span, 8), Word(span, 12), Word(span, 16), Word(span, 20));
        _commands.Add(command);
        return Take(command.SymbolOffset, command.SymbolCount, Symbol.Size, "symbol table", out _symbols)
            && Take(command.StringOffset, command.StringSize, 1, "string table", out _strings);
    }

    private bool ReadDynamicSymbolTable(ReadOnlySpan<byte> span)
    {
        if (span.Length != DynamicSymbolTableCommand.FixedSize || _commands.Exists(command => command is DynamicSymbolTableCommand))
        {
            return Refuse("KL1003", "LC_DYSYMTAB has a wrong size, or there are two");
        }

        var words = new uint[DynamicSymbolTableCommand.WordCount];
        for (var index = 0; index < words.Length; index++)
        {
            words[index] = Word(span, 8 + (index * 4));
        }

        var command = new DynamicSymbolTableCommand(words);
        _commands.Add(command);
        return Take(command.ExternalRelocationOffset, command.ExternalRelocationCount, Relocation.Size, "external relocations", out _external)
            && Take(command.LocalRelocationOffset, command.LocalRelocationCount, Relocation.Size, "local relocations", out _local);
    }

    // The offset of an empty table means nothing.
    private bool Take(uint offset, ulong count, uint unit, string what, out ReadOnlyMemory<byte> table)
    {
        table = default;
        if (count == 0)
        {
            return true;
        }

        if (offset > bytes.Length || count > ((ulong)bytes.Length - offset) / unit)
        {
            return Refuse("KL1004", $"its {what} reaches out of the file, which is {bytes.Length} bytes long and may be cut short");
        }

        table = bytes.Slice((int)offset, (int)(count * unit));
        _claims.Add(offset, (uint)table.Length);
        return true;
    }

    private bool Refuse(string code, string message)
    {
        diagnostics.Error(code, message, name);
        return false;
    }

    private MachOFile? Fail(string code, string message)
    {
        diagnostics.Error(code, message, name);
        return null;
    }
}
