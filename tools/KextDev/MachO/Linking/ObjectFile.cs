namespace KextDev.MachO.Linking;

/// <summary>An object that was read and found fit for linking.</summary>
internal sealed class ObjectFile(string name, MachOFile file, InputSection[] sections, SymbolName[] names)
{
    public string Name => name;

    public MachOFile File => file;

    public IReadOnlyList<InputSection> Sections => sections;

    public long Modified { get; init; }

    public bool IsLibrary { get; init; }

    /// <summary>By symbol; set for externals that take part in resolution.</summary>
    public GlobalSymbol?[] Globals { get; } = new GlobalSymbol?[names.Length];

    public bool IsLinked { get; set; }

    /// <summary>Where its relocations start among those of the image, and how many they are.</summary>
    public int FirstLocalRelocation { get; set; }

    public int LocalRelocationCount { get; set; }

    public int FirstExternalRelocation { get; set; }

    public int ExternalRelocationCount { get; set; }

    public ref readonly SymbolName NameOf(int symbol) => ref names[symbol];

    public ReadOnlySpan<byte> TextOf(SymbolName symbolName) => file.StringTable.Span.Slice(symbolName.Offset, symbolName.Length);

    public InputSection SectionOf(Symbol symbol) => sections[symbol.Section - 1];

    /// <summary>Defined in a section that goes into the image.</summary>
    public bool IsKept(Symbol symbol) => symbol.IsDefinedInSection && SectionOf(symbol).IsKept;

    public string Place(Section section, long offset) => $"{name}: ({section})+0x{offset:x}";
}
