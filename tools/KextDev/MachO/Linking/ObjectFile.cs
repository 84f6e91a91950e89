using System.Runtime.InteropServices;

namespace KextDev.MachO.Linking;

/// <summary>An object that was read and found fit for linking.</summary>
internal sealed class ObjectFile
{
    private readonly Symbol[] _symbols;
    private readonly SymbolName[] _names;
    private readonly InputSection[] _sections;

    /// <param name="names">By symbol; those of debugger's entries are not looked at.</param>
    public ObjectFile(string name, MachOFile file, InputSection[] sections, SymbolName[] names)
    {
        (Name, File, _sections, _names, _symbols) = (name, file, sections, names, file.Symbols.ToArray());
        Globals = new int[names.Length];
        Array.Fill(Globals, GlobalSymbol.Nothing);
        Strings = MemoryMarshal.TryGetArray(file.StringTable, out var strings) ? strings : new ArraySegment<byte>(file.StringTable.ToArray());
    }

    public string Name { get; }

    /// <summary>Among all inputs.</summary>
    public int Ordinal { get; set; }

    public MachOFile File { get; }

    public long Modified { get; init; }

    public bool IsLibrary { get; init; }

    public ReadOnlySpan<InputSection> Sections => _sections;

    public IEnumerable<InputSection> KeptSections => _sections.Where(section => section.IsKept);

    public ReadOnlySpan<Symbol> Symbols => _symbols;

    public ReadOnlySpan<SymbolName> Names => _names;

    /// <summary>An array, as names are read far more often than anything else.</summary>
    public ArraySegment<byte> Strings { get; }

    /// <summary>By symbol: its place in the table of names, or <see cref="GlobalSymbol.Nothing"/> for those that take no part in resolution.</summary>
    public int[] Globals { get; }

    public bool IsLinked { get; set; }

    /// <summary>Where its relocations start among those of the image, and how many they are.</summary>
    public int FirstLocalRelocation { get; set; }

    public int LocalRelocationCount { get; set; }

    public int FirstExternalRelocation { get; set; }

    public int ExternalRelocationCount { get; set; }

    public ReadOnlySpan<byte> TextOf(int symbol) => Strings.AsSpan(_names[symbol].Offset, _names[symbol].Length);

    public InputSection SectionOf(in Symbol symbol) => _sections[symbol.Section - 1];

    /// <summary>Defined in a section that goes into the image.</summary>
    public bool IsKept(in Symbol symbol) => symbol.IsDefinedInSection && SectionOf(symbol).IsKept;

    public string Place(Section section, long offset) => $"{Name}: ({section})+0x{offset:x}";
}
