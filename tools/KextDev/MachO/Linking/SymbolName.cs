using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KextDev.MachO.Linking;

/// <summary>A name in an object's string table, with its hash.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SymbolName(int Offset, int Length, int Hash)
{
    /// <summary>Bounds the work on tables that let every symbol share one huge name.</summary>
    public const int MaximumLength = 4096;

    /// <summary>Null when the table does not hold it, or when it is too long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static SymbolName? Find(ReadOnlySpan<byte> strings, uint offset)
    {
        if (offset >= strings.Length)
        {
            return null;
        }

        var rest = strings[(int)offset..];
        rest = rest[..Math.Min(rest.Length, MaximumLength + 1)];
        var length = rest.IndexOf((byte)0);
        if (length < 0)
        {
            return null;
        }

        return new SymbolName((int)offset, length, HashOf(rest[..length]));
    }

    public static int HashOf(ReadOnlySpan<byte> name)
    {
        // Seeded by the process: no file can be made to collide.
        var hash = new HashCode();
        hash.AddBytes(name);
        return hash.ToHashCode();
    }
}
