using System.Globalization;
using KextDev.Crashes;
using KextDev.Toolchains;

namespace KextDev.Symbols;

/// <summary>A Linux module with debug information: where its functions lie.</summary>
internal sealed class ModuleFile
{
    // llvm-symbolizer believes this table, whose addresses it does not relocate.
    private const string StaleTable = ".debug_aranges";

    private const string DebugInformation = ".debug_info";

    private readonly ElfFile _elf;
    private readonly ILookup<string, ElfSymbol> _symbols;
    private readonly ILookup<int, ulong> _starts;

    private ModuleFile(string path, ElfFile elf, ModuleInfo info)
    {
        Path = path;
        Info = info;
        _elf = elf;
        var symbols = elf.ReadSymbols();
        _symbols = symbols.ToLookup(symbol => symbol.Name, StringComparer.Ordinal);
        _starts = symbols.ToLookup(symbol => symbol.Section, symbol => symbol.Value);
    }

    public string Path { get; }

    public ModuleInfo Info { get; }

    /// <summary>As <c>uname -r</c> prints it on the kernel that it was built for.</summary>
    public string Release => Info.Vermagic.Split(' ')[0];

    /// <returns>Null where it is no module, cannot be read, or has no debug information.</returns>
    public static ModuleFile? Read(string path)
    {
        try
        {
            var content = File.ReadAllBytes(path);
            var elf = ElfFile.Read(content);
            return elf.Place(DebugInformation) is null ? null : new ModuleFile(path, elf, ModuleInfo.Read(content));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>
    /// The functions that a report may mean by a place: of its name, and of its size where that is known. None: the report is of another build.
    /// Several: static functions of one name and size.
    /// </summary>
    public IReadOnlyList<ElfSymbol> Find(SymbolPlace place) => [.. _symbols[place.Symbol].Where(symbol => Fits(symbol, place))];

    /// <summary>What stands at offsets from functions.</summary>
    /// <param name="instructions">Functions and offsets of the instructions themselves.</param>
    public async Task<IReadOnlyList<IReadOnlyList<SourcePlace>>> ResolveAsync(IReadOnlyList<(ElfSymbol Function, ulong Offset)> instructions, CancellationToken cancellationToken)
    {
        var (copy, addresses) = _elf.PlaceSections(StaleTable);
        var folder = Directory.CreateTempSubdirectory("kextdev-symbols-").FullName;
        try
        {
            var file = System.IO.Path.Combine(folder, System.IO.Path.GetFileName(Path));
            await File.WriteAllBytesAsync(file, copy, cancellationToken);
            return await LlvmSymbolizer.ResolveAsync(
                file, [.. instructions.Select(instruction => addresses[instruction.Function.Section] + instruction.Function.Value + instruction.Offset)], cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>".text + 0x1a4": where disassemblers show it.</summary>
    public string Describe(ElfSymbol function, ulong offset) =>
        $"{_elf.NameOf(function.Section)} + 0x{(function.Value + offset).ToString("x", CultureInfo.InvariantCulture)}";

    // The kernel prints the distance to the next symbol. After a section's last one come other sections, in an order of the kernel's.
    private bool Fits(ElfSymbol symbol, SymbolPlace place)
    {
        var next = _starts[symbol.Section].Where(start => start > symbol.Value).DefaultIfEmpty(ulong.MaxValue).Min();
        return place.Offset <= place.Size && (next == ulong.MaxValue ? place.Size >= symbol.Size : place.Size == next - symbol.Value);
    }
}
