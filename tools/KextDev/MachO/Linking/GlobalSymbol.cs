using System.Text;

namespace KextDev.MachO.Linking;

internal enum Definition
{
    None,
    Common,
    Weak,
    Strong,
}

/// <summary>One name that objects share: who defines it, and where it ends up.</summary>
/// <param name="strings">The string table that holds the name.</param>
internal sealed class GlobalSymbol(ArraySegment<byte> strings, SymbolName name)
{
    public ReadOnlySpan<byte> Name => strings.AsSpan(name.Offset, name.Length);

    public int Hash => name.Hash;

    public Definition Definition { get; set; }

    /// <summary>The defining object and its symbol; null for imports.</summary>
    public ObjectFile? Definer { get; set; }

    public int DefinerSymbol { get; set; }

    public bool IsPrivate { get; set; }

    /// <summary>An object of a library that defines it.</summary>
    public ObjectFile? Provider { get; set; }

    public bool IsWanted { get; set; }

    public bool HasStrongReference { get; set; }

    /// <summary>Bytes of a common symbol, and log2 of its alignment.</summary>
    public ulong CommonSize { get; set; }

    public int CommonAlignment { get; set; }

    /// <summary>A relocation of a section that is kept names it. Set from several threads, to true only.</summary>
    public bool IsReferenced { get; set; }

    /// <summary>Set from several threads, to true only.</summary>
    public bool NeedsSlot { get; set; }

    public bool IsImport => Definition == Definition.None;

    public bool IsAbsolute { get; set; }

    /// <summary>In the image; the value of an absolute symbol.</summary>
    public ulong Address { get; set; }

    /// <summary>From 1 on; 0 for imports and absolute symbols.</summary>
    public int Section { get; set; }

    /// <summary>Of its __got slot.</summary>
    public ulong SlotAddress { get; set; }

    /// <summary>In the symbol table of the image.</summary>
    public int Index { get; set; }

    public override string ToString() => Encoding.UTF8.GetString(Name);
}
