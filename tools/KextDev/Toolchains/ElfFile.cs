using System.Buffers.Binary;
using System.Text;

namespace KextDev.Toolchains;

/// <summary>The sections of a 64-bit little-endian ELF file. Nothing in the file is believed: what points outside of it is malformed.</summary>
internal sealed class ElfFile
{
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const uint NoBits = 8;
    private const uint SymbolTable = 2;
    private const ulong Allocated = 2;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly ulong _table;
    private readonly IReadOnlyList<Header> _headers;

    private ElfFile(ReadOnlyMemory<byte> file, ulong table, IReadOnlyList<Header> headers)
    {
        _file = file;
        _table = table;
        _headers = headers;
    }

    /// <exception cref="InvalidDataException">It is no such file, or is damaged; the message says where.</exception>
    public static ElfFile Read(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        // e_ident: magic, class 2 (64 bits), data 1 (little endian).
        if (bytes.Length < HeaderSize || !bytes.StartsWith("\u007fELF"u8) || bytes[4] != 2 || bytes[5] != 1)
        {
            throw new InvalidDataException("it is no 64-bit little-endian ELF file");
        }

        var table = BinaryPrimitives.ReadUInt64LittleEndian(bytes[0x28..]);
        var entrySize = BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x3A..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x3C..]);
        var namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x3E..]);
        if (entrySize != SectionHeaderSize || namesIndex >= count)
        {
            throw new InvalidDataException("its section table is malformed");
        }

        var headers = Slice(file, table, (ulong)count * SectionHeaderSize, "section table");
        var sections = new List<Header>(count);
        for (var index = 0; index < count; index++)
        {
            sections.Add(Header.Read(headers.Span[(index * SectionHeaderSize)..]));
        }

        var names = sections[namesIndex].Content(file);
        return new ElfFile(file, table, [.. sections.Select(section => section with { Name = Text(names.Span, section.NameOffset) })]);
    }

    /// <summary>The content of the first section of that name; null when there is none.</summary>
    /// <exception cref="InvalidDataException">The section reaches out of the file.</exception>
    public ReadOnlyMemory<byte>? Section(string name) => _headers.FirstOrDefault(header => header.Name == name)?.Content(_file);

    /// <summary>Address and size in memory, in bytes, of the first section of that name; null when there is none.</summary>
    public (ulong Address, ulong Size)? Place(string name) => _headers.FirstOrDefault(header => header.Name == name) is { } header ? (header.Address, header.Size) : null;

    /// <summary>The named symbols that are defined in a section.</summary>
    /// <exception cref="InvalidDataException">The table reaches out of the file.</exception>
    public IReadOnlyList<ElfSymbol> ReadSymbols()
    {
        var symbols = new List<ElfSymbol>();
        if (_headers.FirstOrDefault(header => header.Type == SymbolTable) is not { } table || table.Link >= _headers.Count)
        {
            return symbols;
        }

        var names = _headers[(int)table.Link].Content(_file).Span;
        var entries = table.Content(_file).Span;
        for (; entries.Length >= SymbolSize; entries = entries[SymbolSize..])
        {
            var section = BinaryPrimitives.ReadUInt16LittleEndian(entries[6..]);
            var name = Text(names, BinaryPrimitives.ReadUInt32LittleEndian(entries));
            if (name.Length > 0 && section > 0 && section < _headers.Count)
            {
                symbols.Add(new ElfSymbol(name, section, BinaryPrimitives.ReadUInt64LittleEndian(entries[8..]), BinaryPrimitives.ReadUInt64LittleEndian(entries[16..])));
            }
        }

        return symbols;
    }

    /// <summary>
    /// A copy of a relocatable file in which each section that is loaded has an address of its own. In the file all of them begin at 0, so that no address
    /// means one of them alone.
    /// </summary>
    /// <param name="dropped">A section whose content the copy does not have.</param>
    /// <returns>The copy, and the sections' addresses by their numbers; 0 for those that are not loaded.</returns>
    public (byte[] File, IReadOnlyList<ulong> Addresses) PlaceSections(string dropped)
    {
        // As a page of the kernel's: no section's alignment is greater.
        const ulong Page = 0x1000;
        var copy = _file.ToArray();
        var addresses = new ulong[_headers.Count];
        var next = Page;
        for (var index = 0; index < _headers.Count; index++)
        {
            var header = _headers[index];
            var entry = copy.AsSpan((int)_table + (index * SectionHeaderSize));
            if (header.Name == dropped)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(entry[0x20..], 0);
            }
            else if ((header.Flags & Allocated) != 0)
            {
                addresses[index] = next;
                BinaryPrimitives.WriteUInt64LittleEndian(entry[0x10..], next);
                next += (Math.Min(header.Size, (ulong)_file.Length) + (2 * Page) - 1) & ~(Page - 1);
            }
        }

        return (copy, addresses);
    }

    /// <summary>The name of a section by its number.</summary>
    public string NameOf(int section) => _headers[section].Name;

    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> file, ulong offset, ulong size, string what) =>
        offset <= (ulong)file.Length && size <= (ulong)file.Length - offset
            ? file.Slice((int)offset, (int)size)
            : throw new InvalidDataException($"its {what} reaches out of the file, which is {file.Length} bytes long and may be cut short");

    private static string Text(ReadOnlySpan<byte> names, uint offset)
    {
        if (offset >= names.Length)
        {
            return "";
        }

        var rest = names[(int)offset..];
        var end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    private sealed record Header(string Name, uint NameOffset, uint Type, ulong Flags, ulong Address, ulong Offset, ulong Size, uint Link)
    {
        public static Header Read(ReadOnlySpan<byte> entry) =>
            new(
                "",
                BinaryPrimitives.ReadUInt32LittleEndian(entry),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[0x08..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[0x10..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[0x18..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[0x20..]),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[0x28..]));

        public ReadOnlyMemory<byte> Content(ReadOnlyMemory<byte> file) =>
            Type == NoBits ? default : Slice(file, Offset, Size, Name.Length > 0 ? $"section {Name}" : "table of names");
    }
}

/// <param name="Section">The number of the section that it lies in.</param>
/// <param name="Value">In a relocatable file the offset in that section.</param>
/// <param name="Size">In bytes; 0 where unknown.</param>
internal sealed record ElfSymbol(string Name, int Section, ulong Value, ulong Size);
