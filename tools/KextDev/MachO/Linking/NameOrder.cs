using System.Runtime.CompilerServices;

namespace KextDev.MachO.Linking;

/// <summary>
/// Sorts symbols by the bytes of their names: four bytes of the name and the symbol's number make one integer, these are sorted, and where the
/// four bytes are equal the next four decide.
/// </summary>
internal static class NameOrder
{
    private const int Step = 4;

    /// <param name="symbols">Places in the table of names; sorted in place.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sort(SymbolTable table, Span<int> symbols)
    {
        var keys = new ulong[symbols.Length];
        var pending = new Stack<(int Start, int Length, int Depth)>();
        pending.Push((0, symbols.Length, 0));
        while (pending.TryPop(out var range))
        {
            var group = keys.AsSpan(range.Start, range.Length);
            for (var index = 0; index < group.Length; index++)
            {
                var symbol = symbols[range.Start + index];
                group[index] = ((ulong)Key(table.NameOf(symbol), range.Depth) << 32) | (uint)symbol;
            }

            group.Sort();
            for (var (start, index) = (0, 0); index < group.Length; index++)
            {
                symbols[range.Start + index] = (int)group[index];
                if (index + 1 == group.Length || group[index + 1] >> 32 != group[start] >> 32)
                {
                    if (index > start)
                    {
                        pending.Push((range.Start + start, index + 1 - start, range.Depth + Step));
                    }

                    start = index + 1;
                }
            }
        }
    }

    // Names hold no zero byte: a shorter one comes before those that it starts. No two names are equal.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint Key(ReadOnlySpan<byte> name, int depth)
    {
        var key = 0u;
        for (var index = depth; index < depth + Step; index++)
        {
            key = (key << 8) | (index < name.Length ? name[index] : 0u);
        }

        return key;
    }
}
