using System.Buffers.Binary;
using System.Text;

namespace KextDev.Toolchains;

/// <summary>The sections of a 64-bit little-endian ELF file. Nothing in the file is believed: what points outside of it is malformed.</summary>
internal sealed class ElfFile
{
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;
    private const uint NoBits = 8;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly IReadOnlyList<Header> _headers;

    private ElfFile(ReadOnlyMemory<byte> file, IReadOnlyList<Header> headers)
    {
        _file = file;
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
        return new ElfFile(file, [.. sections.Select(section => section with { Name = Text(names.Span, section.NameOffset) })]);
    }

    /// <summary>The content of the first section of that name; null when there is none.</summary>
    /// <exception cref="InvalidDataException">The section reaches out of the file.</exception>
    public ReadOnlyMemory<byte>? Section(string name) => _headers.FirstOrDefault(header => header.Name == name)?.Content(_file);

    /// <summary>Address and size in memory, in bytes, of the first section of that name; null when there is none.</summary>
    public (ulong Address, ulong Size)? Place(string name) => _headers.FirstOrDefault(header => header.Name == name) is { } header ? (header.Address, header.Size) : null;

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

    private sealed record Header(string Name, uint NameOffset, uint Type, ulong Address, ulong Offset, ulong Size)
    {
        public static Header Read(ReadOnlySpan<byte> entry) =>
            new(
                "",
                BinaryPrimitives.ReadUInt32LittleEndian(entry),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[0x10..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[0x18..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[0x20..]));

        public ReadOnlyMemory<byte> Content(ReadOnlyMemory<byte> file) =>
            Type == NoBits ? default : Slice(file, Offset, Size, Name.Length > 0 ? $"section {Name}" : "table of names");
    }
}
