using System.Runtime.CompilerServices;

namespace KextDev.MachO.Linking;

/// <summary>The symbols of an object that no other file sees: statics, and what hidden visibility made private. Panics name them.</summary>
internal static class LocalSymbols
{
    private const byte PrivateDefined = Symbol.PrivateExternal | Symbol.InSection;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static SymbolChunk Of(ObjectFile file, SymbolTable table)
    {
        var chunk = new SymbolChunk();
        var symbols = file.Symbols;
        for (var index = 0; index < symbols.Length; index++)
        {
            ref readonly var symbol = ref symbols[index];
            if (file.Globals[index] is >= 0 and var name)
            {
                ref readonly var global = ref table[name];
                if (global.IsPrivate && global.IsDefinedBy(file, index))
                {
                    var type = global.IsAbsolute ? (byte)(Symbol.PrivateExternal | Symbol.Absolute) : PrivateDefined;
                    chunk.Add(file.TextOf(index), type, global.Section, 0, global.Address);
                }
            }
            else if (!symbol.IsExternal && IsNamed(file, index))
            {
                if (symbol.IsAbsolute)
                {
                    chunk.Add(file.TextOf(index), Symbol.Absolute, 0, 0, symbol.Value);
                }
                else if (file.IsKept(symbol))
                {
                    var section = file.SectionOf(symbol);
                    var type = (byte)(symbol.Type & PrivateDefined);
                    chunk.Add(file.TextOf(index), type, section.Output!.Number, 0, symbol.Value + (ulong)section.Shift);
                }
            }
        }

        return chunk;
    }

    /// <summary>Not one of the assembler's ("L…") or the linker's ("l…") own labels: names from C start with an underscore.</summary>
    public static bool IsNamed(ObjectFile file, int symbol) => file.TextOf(symbol) is not ([] or [(byte)'L' or (byte)'l', ..]);
}
