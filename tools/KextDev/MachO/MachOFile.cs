using System.Runtime.InteropServices;
using System.Text;

namespace KextDev.MachO;

/// <summary>A 64-bit little-endian Mach-O file: an object, a linked kext or any other.</summary>
/// <param name="Length">Of the whole file, in bytes.</param>
public sealed record MachOFile(MachOHeader Header, IReadOnlyList<LoadCommand> Commands, int Length)
{
    /// <summary>All sections in the order of their numbers: the first one has number 1.</summary>
    public IReadOnlyList<Section> Sections { get; init; } = [];

    /// <summary>16 bytes a symbol.</summary>
    public ReadOnlyMemory<byte> SymbolBytes { get; init; }

    public ReadOnlyMemory<byte> StringTable { get; init; }

    /// <summary>Of linked files: addresses in the image that move with it.</summary>
    public ReadOnlyMemory<byte> LocalRelocationBytes { get; init; }

    /// <summary>Of linked files: places that need a symbol of another file.</summary>
    public ReadOnlyMemory<byte> ExternalRelocationBytes { get; init; }

    /// <summary>What the file holds besides: code signatures, function starts, and any bytes other than zero that no table claims.</summary>
    public IReadOnlyList<FileRange> Rest { get; init; } = [];

    public ReadOnlySpan<Symbol> Symbols => MemoryMarshal.Cast<byte, Symbol>(SymbolBytes.Span);

    public ReadOnlySpan<Relocation> LocalRelocations => MemoryMarshal.Cast<byte, Relocation>(LocalRelocationBytes.Span);

    public ReadOnlySpan<Relocation> ExternalRelocations => MemoryMarshal.Cast<byte, Relocation>(ExternalRelocationBytes.Span);

    public IEnumerable<SegmentCommand> Segments => Commands.OfType<SegmentCommand>();

    public DynamicSymbolTableCommand? DynamicSymbols => Commands.OfType<DynamicSymbolTableCommand>().FirstOrDefault();

    public Guid? Uuid => Commands.OfType<UuidCommand>().FirstOrDefault()?.Value;

    /// <summary>The undefined symbols, in the order of the table.</summary>
    public IReadOnlyList<MachOImport> Imports
    {
        get
        {
            var imports = new List<MachOImport>();
            foreach (var symbol in Symbols)
            {
                if (symbol.IsUndefined)
                {
                    imports.Add(new MachOImport(NameOf(symbol), symbol.IsWeakReference));
                }
            }

            return imports;
        }
    }

    /// <summary>The name of a symbol; empty when the string table has none for it.</summary>
    public string NameOf(Symbol symbol) => Encoding.UTF8.GetString(NameBytesOf(symbol));

    public ReadOnlySpan<byte> NameBytesOf(Symbol symbol)
    {
        if (symbol.NameOffset >= StringTable.Length)
        {
            return [];
        }

        var rest = StringTable.Span[(int)symbol.NameOffset..];
        var end = rest.IndexOf((byte)0);
        return end < 0 ? rest : rest[..end];
    }

    /// <summary>The first symbol of that name that is defined here, whatever its visibility.</summary>
    public Symbol? FindDefined(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        foreach (var symbol in Symbols)
        {
            if ((symbol.IsDefinedInSection || symbol.IsAbsolute) && NameBytesOf(symbol).SequenceEqual(bytes))
            {
                return symbol;
            }
        }

        return null;
    }
}

/// <param name="Name">Mach-O name: C's foo is "_foo".</param>
public readonly record struct MachOImport(string Name, bool IsWeak);

/// <param name="Offset">In the file.</param>
public readonly record struct FileRange(int Offset, ReadOnlyMemory<byte> Bytes);
