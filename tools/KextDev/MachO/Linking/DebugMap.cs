using System.Text;

namespace KextDev.MachO.Linking;

/// <summary>
/// The debugger's entries that lead dsymutil from an address of the image to the object whose DWARF describes it, per object: N_SO folder and
/// source, N_OSO object, for each function N_BNSYM, N_FUN with its address, N_FUN with its length, N_ENSYM, for each variable N_GSYM or N_STSYM,
/// and an empty N_SO.
/// </summary>
internal static class DebugMap
{
    private const byte Global = 0x20;
    private const byte Function = 0x24;
    private const byte StaticVariable = 0x26;
    private const byte FunctionStart = 0x2E;
    private const byte FunctionEnd = 0x4E;
    private const byte Source = 0x64;
    private const byte ObjectName = 0x66;

    /// <summary>Empty for an object without DWARF.</summary>
    public static SymbolChunk Of(ObjectFile file, SymbolTable table)
    {
        var chunk = new SymbolChunk();
        if (!file.File.Sections.Any(section => section is { Segment: "__DWARF", Name: "__debug_info" }))
        {
            return chunk;
        }

        var (folder, source) = CompileUnitName.Find(file);
        chunk.Add(Encoding.UTF8.GetBytes(folder), Source, 0, 0, 0);
        chunk.Add(Encoding.UTF8.GetBytes(source), Source, 0, 0, 0);
        chunk.Add(Encoding.UTF8.GetBytes(file.Name), ObjectName, (int)MachOHeader.X86All, 1, (ulong)file.Modified);
        AddDefinitions(file, table, chunk);
        chunk.Add([], Source, 1, 0, 0);
        return chunk;
    }

    private static void AddDefinitions(ObjectFile file, SymbolTable table, SymbolChunk chunk)
    {
        var symbols = file.Symbols;
        var places = new List<(int Section, ulong Value, int Symbol)>();
        for (var index = 0; index < symbols.Length; index++)
        {
            if (file.IsKept(symbols[index]))
            {
                places.Add((symbols[index].Section, symbols[index].Value, index));
            }
            else if (symbols[index].IsCommon && table[file.Globals[index]].IsDefinedBy(file, index))
            {
                chunk.Add(file.TextOf(index), Global, 0, 0, 0);
            }
        }

        places.Sort();
        var ends = Ends(file, places);
        for (var at = 0; at < places.Count; at++)
        {
            Add(file, table, places[at].Symbol, ends[at], chunk);
        }
    }

    // A function reaches to the next address of its section that has a symbol.
    private static ulong[] Ends(ObjectFile file, List<(int Section, ulong Value, int Symbol)> places)
    {
        var ends = new ulong[places.Count];
        for (var at = places.Count - 1; at >= 0; at--)
        {
            var (section, value, _) = places[at];
            if (at + 1 < places.Count && places[at + 1].Section == section)
            {
                ends[at] = places[at + 1].Value > value ? places[at + 1].Value : ends[at + 1];
            }
            else
            {
                var header = file.Sections[section - 1].Header;
                ends[at] = header.Address + header.Size;
            }
        }

        return ends;
    }

    private static void Add(ObjectFile file, SymbolTable table, int index, ulong end, SymbolChunk chunk)
    {
        var symbol = file.Symbols[index];
        var global = file.Globals[index];
        var isOurs = global < 0 || table[global].IsDefinedBy(file, index);
        if (!isOurs || !LocalSymbols.IsNamed(file, index))
        {
            return;
        }

        var section = file.SectionOf(symbol);
        var number = section.Output!.Number;
        var address = symbol.Value + (ulong)section.Shift;
        var name = file.TextOf(index);
        if (section.Output.IsCode)
        {
            var length = end - symbol.Value;
            chunk.Add([], FunctionStart, number, 0, address);
            chunk.Add(name, Function, number, 0, address);
            chunk.Add([], Function, 0, 0, length);
            chunk.Add([], FunctionEnd, number, 0, length);
        }
        else if (global >= 0)
        {
            chunk.Add(name, Global, 0, 0, 0);
        }
        else
        {
            chunk.Add(name, StaticVariable, number, 0, address);
        }
    }
}
