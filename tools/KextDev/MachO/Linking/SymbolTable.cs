using System.Numerics;

namespace KextDev.MachO.Linking;

/// <summary>All global names, by open addressing; enumerated in the order in which they came.</summary>
internal sealed class SymbolTable(int expected)
{
    // At most half full: short chains.
    private readonly GlobalSymbol?[] _slots = new GlobalSymbol?[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, expected * 2))];
    private readonly List<GlobalSymbol> _symbols = new(expected);

    public IReadOnlyList<GlobalSymbol> Symbols => _symbols;

    public GlobalSymbol GetOrAdd(ObjectFile file, int symbol)
    {
        ref readonly var name = ref file.Names[symbol];
        ref var slot = ref _slots[FindSlot(file.TextOf(symbol), name.Hash)];
        if (slot is null)
        {
            slot = new GlobalSymbol(file.Strings, name);
            _symbols.Add(slot);
        }

        return slot;
    }

    public GlobalSymbol? Find(ReadOnlySpan<byte> name) => _slots[FindSlot(name, SymbolName.HashOf(name))];

    private int FindSlot(ReadOnlySpan<byte> text, int hash)
    {
        var mask = _slots.Length - 1;
        for (var at = hash & mask; ; at = (at + 1) & mask)
        {
            if (_slots[at] is not { } symbol || (symbol.Hash == hash && symbol.Name.SequenceEqual(text)))
            {
                return at;
            }
        }
    }
}
