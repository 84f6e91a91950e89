using System.Buffers.Binary;

namespace KextDev.MachO.Linking;

/// <summary>Walks over DWARF. Past the end everything reads as 0, and <see cref="IsPast"/> tells.</summary>
internal ref struct DwarfCursor(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    public bool IsPast { get; private set; }

    /// <summary>Little-endian, of 1, 2, 4 or 8 bytes.</summary>
    public ulong Fixed(int size)
    {
        Span<byte> value = stackalloc byte[sizeof(ulong)];
        value.Clear();
        Take((ulong)size).CopyTo(value);
        return BinaryPrimitives.ReadUInt64LittleEndian(value);
    }

    public ulong Leb128()
    {
        var value = 0ul;
        for (var shift = 0; !IsPast; shift += 7)
        {
            var next = Fixed(1);
            value |= shift < 64 ? (next & 0x7F) << shift : 0;
            if ((next & 0x80) == 0)
            {
                break;
            }
        }

        return value;
    }

    public ReadOnlySpan<byte> Text()
    {
        var end = _left.IndexOf((byte)0);
        var text = Take((ulong)(end < 0 ? _left.Length : end));
        Take(1);
        return text;
    }

    public ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_left.Length)
        {
            IsPast = true;
            _left = default;
            return default;
        }

        var taken = _left[..(int)count];
        _left = _left[(int)count..];
        return taken;
    }
}
