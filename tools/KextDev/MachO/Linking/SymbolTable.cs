using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace KextDev.MachO.Linking;

/// <summary>All global names of the objects, found by open addressing and kept in the order in which they came.</summary>
internal sealed class SymbolTable(ObjectFile[] files)
{
    // At most half full, even if every symbol were global and different: short chains, and room that need not grow.
    private readonly int[] _buckets = Buckets(files);
    private readonly GlobalSymbol[] _symbols = new GlobalSymbol[files.Sum(file => file.Symbols.Length)];

    public int Count { get; private set; }

    public Span<GlobalSymbol> Symbols => _symbols.AsSpan(0, Count);

    public ref GlobalSymbol this[int index] => ref _symbols[index];

    public ReadOnlySpan<byte> NameOf(int index) => files[_symbols[index].NameFile].TextOf(_symbols[index].NameSymbol);

    public string TextOf(int index) => Encoding.UTF8.GetString(NameOf(index));

    public ObjectFile File(int ordinal) => files[ordinal];

    /// <returns>The index of the symbol's name.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int GetOrAdd(ObjectFile file, int symbol)
    {
        var hash = file.Names[symbol].Hash;
        ref var bucket = ref _buckets[FindBucket(file.TextOf(symbol), hash)];
        if (bucket < 0)
        {
            bucket = Count++;
            _symbols[bucket] = new GlobalSymbol(file.Ordinal, symbol, hash);
        }

        return bucket;
    }

    /// <returns><see cref="GlobalSymbol.Nothing"/> when no object has that name.</returns>
    public int Find(ReadOnlySpan<byte> name) => _buckets[FindBucket(name, SymbolName.HashOf(name))];

    private static int[] Buckets(ObjectFile[] files)
    {
        var buckets = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, files.Sum(file => file.Symbols.Length) * 2))];
        Array.Fill(buckets, GlobalSymbol.Nothing);
        return buckets;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindBucket(ReadOnlySpan<byte> name, int hash)
    {
        var mask = _buckets.Length - 1;
        for (var at = hash & mask; ; at = (at + 1) & mask)
        {
            var index = _buckets[at];
            if (index < 0 || (_symbols[index].Hash == hash && NameOf(index).SequenceEqual(name)))
            {
                return at;
            }
        }
    }
}
