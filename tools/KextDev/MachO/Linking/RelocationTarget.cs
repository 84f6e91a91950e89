namespace KextDev.MachO.Linking;

/// <summary>What a relocation points at.</summary>
/// <param name="Global">Null for a static symbol or a section.</param>
/// <param name="Section">Null for imports, commons and absolute symbols.</param>
internal readonly record struct RelocationTarget(GlobalSymbol? Global, InputSection? Section, ulong Value, bool IsAbsolute)
{
    public bool IsImport => Global is { IsImport: true };

    /// <summary>Moves with the image.</summary>
    public bool IsInImage => !IsImport && !IsAbsolute;

    /// <summary>Symbol or section of a relocation whose number is sound.</summary>
    public static RelocationTarget Of(ObjectFile file, Relocation relocation)
    {
        if (!relocation.IsExternal)
        {
            return new RelocationTarget(null, file.Sections[relocation.Number - 1], 0, false);
        }

        ref readonly var symbol = ref file.Symbols[relocation.Number];
        if (file.Globals[relocation.Number] is { } global)
        {
            return new RelocationTarget(global, null, 0, global.IsAbsolute);
        }

        return symbol.IsAbsolute
            ? new RelocationTarget(null, null, symbol.Value, true)
            : new RelocationTarget(null, file.SectionOf(symbol), symbol.Value, false);
    }

    /// <summary>
    /// What must be added to the stored content: the symbol's address, or, where the content is an address of the object already, how far its
    /// section moved. Known after the layout; 0 for imports.
    /// </summary>
    public ulong Addend(bool isExternal) => this switch
    {
        { Global: { } global } => global.Address,
        { Section: { } section } => (ulong)section.Shift + (isExternal ? Value : 0),
        _ => Value,
    };

    /// <summary>Number of the section in the image that holds it.</summary>
    public int SectionNumber => Global?.Section ?? Section!.Output!.Number;
}
