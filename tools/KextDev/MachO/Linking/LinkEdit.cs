using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KextDev.MachO.Linking;

/// <summary>
/// What __LINKEDIT holds, without gaps: local relocations, symbols, external relocations, names. Its size is planned before relocations are
/// applied, so that every object knows where its own go.
/// </summary>
internal sealed class LinkEdit
{
    private delegate bool SymbolPredicate(in GlobalSymbol symbol);

    /// <summary>n_desc of an import that any kext may provide: library ordinal 0xFE in the high byte.</summary>
    private const int DynamicLookup = 0xFE00;

    private readonly IReadOnlyList<SymbolChunk> _stabs;
    private readonly IReadOnlyList<SymbolChunk> _named;
    private readonly ulong _start;
    private readonly int _localSymbols;
    private readonly int _definedSymbols;
    private readonly int _importedSymbols;
    private readonly int _nameSize;

    // Where the next slot's relocation goes: after those of all objects.
    private int _slotLocal;
    private int _slotExternal;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private LinkEdit(SymbolResolution symbols, ImageLayout layout, bool withDebugMap, CancellationToken cancellationToken)
    {
        var table = symbols.Table;
        var stabs = new SymbolChunk[withDebugMap ? symbols.Objects.Count : 0];
        var locals = new SymbolChunk[symbols.Objects.Count];
        Parallel.For(0, symbols.Objects.Count, new ParallelOptions { CancellationToken = cancellationToken }, index =>
        {
            locals[index] = LocalSymbols.Of(symbols.Objects[index], table);
            if (withDebugMap)
            {
                stabs[index] = DebugMap.Of(symbols.Objects[index], table);
            }
        });

        _localSymbols = stabs.Sum(chunk => chunk.Count) + locals.Sum(chunk => chunk.Count);
        var defined = new SymbolChunk();
        foreach (var name in Sorted(table, static (in symbol) => symbol.IsExported))
        {
            ref readonly var symbol = ref table[name];
            var type = symbol.Section == 0 ? Symbol.External | Symbol.Absolute : Symbol.External | Symbol.InSection;
            defined.Add(table.NameOf(name), (byte)type, symbol.Section, 0, symbol.Address);
        }

        var imported = new SymbolChunk();
        foreach (var name in Sorted(table, static (in symbol) => symbol.IsUsedImport))
        {
            ref var symbol = ref table[name];
            symbol.Index = _localSymbols + defined.Count + imported.Count;
            var description = symbol.HasStrongReference ? DynamicLookup : DynamicLookup | Symbol.WeakReference;
            imported.Add(table.NameOf(name), Symbol.External, 0, (ushort)description, 0);
        }

        (_definedSymbols, _importedSymbols) = (defined.Count, imported.Count);
        (_stabs, _named) = (stabs, [.. locals, defined, imported]);
        _nameSize = (2 + _stabs.Sum(chunk => chunk.NameSize) + _named.Sum(chunk => chunk.NameSize) + 7) & ~7;
        _start = layout.LinkEditAddress;

        foreach (var file in symbols.Objects)
        {
            (file.FirstLocalRelocation, file.FirstExternalRelocation) = (_slotLocal, _slotExternal);
            _slotLocal += file.LocalRelocationCount;
            _slotExternal += file.ExternalRelocationCount;
        }

        LocalRelocations = new Relocation[_slotLocal + layout.Slots.Count(slot => table[slot] is { IsImport: false, Section: not 0 })];
        ExternalRelocations = new Relocation[_slotExternal + layout.Slots.Count(slot => table[slot].IsImport)];
    }

    public Relocation[] LocalRelocations { get; }

    public Relocation[] ExternalRelocations { get; }

    /// <summary>Index of the first import.</summary>
    public int FirstImport => _localSymbols + _definedSymbols;

    /// <summary>The chunks that hold more than debugger's entries.</summary>
    public IReadOnlyList<SymbolChunk> NamedSymbols => _named;

    public ulong End => StringOffset + (ulong)_nameSize;

    public SymbolTableCommand SymbolTable => new((uint)SymbolOffset, (uint)SymbolCount, (uint)StringOffset, (uint)_nameSize);

    public DynamicSymbolTableCommand DynamicSymbolTable => new(
    [
        0, (uint)_localSymbols, (uint)_localSymbols, (uint)_definedSymbols, (uint)FirstImport, (uint)_importedSymbols,
        0, 0, 0, 0, 0, 0, 0, 0,
        ExternalRelocations.Length > 0 ? (uint)ExternalOffset : 0, (uint)ExternalRelocations.Length,
        LocalRelocations.Length > 0 ? (uint)_start : 0, (uint)LocalRelocations.Length,
    ]);

    private int SymbolCount => FirstImport + _importedSymbols;

    private ulong SymbolOffset => _start + ((ulong)LocalRelocations.Length * Relocation.Size);

    private ulong ExternalOffset => SymbolOffset + ((ulong)SymbolCount * Symbol.Size);

    private ulong StringOffset => ExternalOffset + ((ulong)ExternalRelocations.Length * Relocation.Size);

    public static LinkEdit Plan(SymbolResolution symbols, ImageLayout layout, bool withDebugMap, CancellationToken cancellationToken) =>
        new(symbols, layout, withDebugMap, cancellationToken);

    /// <summary>Slots come after all objects, one by one.</summary>
    public void AddSlot(Relocation relocation)
    {
        if (relocation.IsExternal)
        {
            ExternalRelocations[_slotExternal++] = relocation;
        }
        else
        {
            LocalRelocations[_slotLocal++] = relocation;
        }
    }

    public void Write(byte[] file, CancellationToken cancellationToken)
    {
        SortExternal();
        MemoryMarshal.AsBytes<Relocation>(LocalRelocations).CopyTo(file.AsSpan((int)_start));
        MemoryMarshal.AsBytes<Relocation>(ExternalRelocations).CopyTo(file.AsSpan((int)ExternalOffset));

        // Offset 1 is the empty name, as in Apple's tables.
        file[StringOffset] = (byte)' ';
        var (symbolAt, nameAt) = ((int)SymbolOffset, 2);
        foreach (var chunk in _stabs.Concat(_named))
        {
            cancellationToken.ThrowIfCancellationRequested();
            chunk.Write(file.AsSpan(symbolAt, chunk.Count * Symbol.Size), file.AsSpan((int)StringOffset + nameAt), (uint)nameAt);
            symbolAt += chunk.Count * Symbol.Size;
            nameAt += chunk.NameSize;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int[] Sorted(SymbolTable table, SymbolPredicate predicate)
    {
        var found = new List<int>(table.Count);
        for (var index = 0; index < table.Count; index++)
        {
            if (predicate(table[index]))
            {
                found.Add(index);
            }
        }

        int[] sorted = [.. found];
        NameOrder.Sort(table, sorted);
        return sorted;
    }

    // Pointers by symbol and address, then calls: Apple's order.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SortExternal()
    {
        var keys = new ulong[ExternalRelocations.Length];
        for (var index = 0; index < keys.Length; index++)
        {
            var relocation = ExternalRelocations[index];
            keys[index] = ((ulong)relocation.Type << 60) | ((ulong)relocation.Number << 32) | (uint)relocation.Address;
        }

        keys.AsSpan().Sort();
        for (var index = 0; index < keys.Length; index++)
        {
            var (address, symbol) = ((int)keys[index], (uint)(keys[index] >> 32) & 0xFFFFFF);
            ExternalRelocations[index] = (RelocationType)(keys[index] >> 60) == RelocationType.Branch
                ? Relocation.OfCall(address, symbol)
                : Relocation.OfPointer(address, symbol, isExternal: true);
        }
    }
}
