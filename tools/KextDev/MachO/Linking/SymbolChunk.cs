using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KextDev.MachO.Linking;

/// <summary>A stretch of the image's symbol table with its names, made apart from the others and then moved to its place.</summary>
internal sealed class SymbolChunk
{
    private readonly ArrayBufferWriter<byte> _names = new();
    private Symbol[] _symbols = [];
    private uint? _empty;

    public int Count { get; private set; }

    public int NameSize => _names.WrittenCount;

    /// <summary>Independent of where the chunk ends up.</summary>
    public ReadOnlySpan<byte> SymbolBytes => MemoryMarshal.AsBytes<Symbol>(_symbols.AsSpan(0, Count));

    public ReadOnlySpan<byte> NameBytes => _names.WrittenSpan;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<byte> name, byte type, int section, ushort description, ulong value)
    {
        if (Count == _symbols.Length)
        {
            Array.Resize(ref _symbols, Math.Max(64, Count * 2));
        }

        _symbols[Count++] = new Symbol(name.IsEmpty ? _empty ??= AddName(name) : AddName(name), type, (byte)section, description, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(Span<byte> symbols, Span<byte> names, uint nameOffset)
    {
        var target = MemoryMarshal.Cast<byte, Symbol>(symbols);
        for (var index = 0; index < Count; index++)
        {
            target[index] = _symbols[index] with { NameOffset = _symbols[index].NameOffset + nameOffset };
        }

        _names.WrittenSpan.CopyTo(names);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private uint AddName(ReadOnlySpan<byte> name)
    {
        var offset = (uint)_names.WrittenCount;
        var field = _names.GetSpan(name.Length + 1);
        name.CopyTo(field);
        field[name.Length] = 0;
        _names.Advance(name.Length + 1);
        return offset;
    }
}
