using System.Buffers.Binary;

namespace KextDev.MachO.Linking;

/// <summary>Sorts symbols by the bytes of their names: by eight bytes at once as a number, then, where these are equal, by the next eight.</summary>
internal static class NameOrder
{
    private const int Step = sizeof(ulong);

    /// <param name="sorted">Places in the table of names; sorted in place.</param>
    public static int[] Sort(SymbolTable table, int[] sorted)
    {
        var keys = new ulong[sorted.Length];
        var pending = new Stack<(int Start, int Length, int Depth)>();
        pending.Push((0, sorted.Length, 0));
        while (pending.TryPop(out var range))
        {
            var end = range.Start + range.Length;
            for (var index = range.Start; index < end; index++)
            {
                keys[index] = Key(table.NameOf(sorted[index]), range.Depth);
            }

            Array.Sort(keys, sorted, range.Start, range.Length);
            for (var (start, index) = (range.Start, range.Start + 1); index <= end; index++)
            {
                if (index == end || keys[index] != keys[start])
                {
                    if (index - start > 1)
                    {
                        pending.Push((start, index - start, range.Depth + Step));
                    }

                    start = index;
                }
            }
        }

        return sorted;
    }

    // Names hold no zero byte: a shorter one comes before those that it starts.
    private static ulong Key(ReadOnlySpan<byte> name, int depth)
    {
        if (name.Length - depth >= Step)
        {
            return BinaryPrimitives.ReadUInt64BigEndian(name[depth..]);
        }

        Span<byte> padded = stackalloc byte[Step];
        padded.Clear();
        name[Math.Min(depth, name.Length)..].CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }
}
