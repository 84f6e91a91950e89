using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KextDev.MachO.Linking;

/// <summary>What a relocation points at.</summary>
/// <param name="Global">Its place in the table of names; <see cref="GlobalSymbol.Nothing"/> for a static symbol or a section.</param>
/// <param name="Section">Of a static symbol or a section.</param>
/// <param name="Value">Of a static symbol in its object; of a global name in the image, known after the layout; 0 for imports and sections.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RelocationTarget(int Global, InputSection? Section, ulong Value, bool IsImport, bool IsAbsolute)
{
    /// <summary>Moves with the image.</summary>
    public bool IsInImage => !IsImport && !IsAbsolute;

    /// <summary>Symbol or section of a relocation whose number is sound.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RelocationTarget Of(ObjectFile file, SymbolTable table, Relocation relocation)
    {
        if (!relocation.IsExternal)
        {
            return new RelocationTarget(GlobalSymbol.Nothing, file.Sections[relocation.Number - 1], 0, false, false);
        }

        if (file.Globals[relocation.Number] is >= 0 and var name)
        {
            ref readonly var global = ref table[name];
            return new RelocationTarget(name, null, global.Address, global.IsImport, global.IsAbsolute);
        }

        ref readonly var symbol = ref file.Symbols[relocation.Number];
        return symbol.IsAbsolute
            ? new RelocationTarget(GlobalSymbol.Nothing, null, symbol.Value, false, true)
            : new RelocationTarget(GlobalSymbol.Nothing, file.SectionOf(symbol), symbol.Value, false, false);
    }

    /// <summary>
    /// What must be added to the stored content: the symbol's address, or, where the content is an address of the object already, how far its
    /// section moved.
    /// </summary>
    public ulong Addend => Section is null ? Value : Value + (ulong)Section.Shift;
}
