using System.Runtime.InteropServices;

namespace KextDev.MachO.Linking;

internal enum Definition : byte
{
    None,
    Common,
    Weak,
    Strong,
}

/// <summary>
/// One name that objects share: who defines it, and where it ends up. A struct in one large array that holds no references, as there are
/// hundreds of thousands: objects are told by their ordinals.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct GlobalSymbol
{
    /// <summary>No object, or no symbol.</summary>
    public const int Nothing = -1;

    public GlobalSymbol(int file, int symbol, int hash) =>
        (NameFile, NameSymbol, Hash, Definer, Provider) = (file, symbol, hash, Nothing, Nothing);

    /// <summary>The object and its symbol that have the name.</summary>
    public int NameFile { get; }

    public int NameSymbol { get; }

    public int Hash { get; }

    /// <summary>The defining object and its symbol; nothing for imports and for what the linker itself defines.</summary>
    public int Definer { get; set; }

    public int DefinerSymbol { get; set; }

    /// <summary>An object of a library that defines it.</summary>
    public int Provider { get; set; }

    public Definition Definition { get; set; }

    public bool IsAbsolute { get; set; }

    public bool IsPrivate { get; set; }

    public bool IsWanted { get; set; }

    public bool HasStrongReference { get; set; }

    /// <summary>A relocation of a section that is kept names it. Set from several threads, to true only.</summary>
    public bool IsReferenced { get; set; }

    /// <summary>Set from several threads, to true only.</summary>
    public bool NeedsSlot { get; set; }

    public byte CommonAlignment { get; set; }

    /// <summary>Of a common symbol, in bytes; its alignment is a log2.</summary>
    public ulong CommonSize { get; set; }

    /// <summary>In the image; the value of an absolute symbol; 0 for imports.</summary>
    public ulong Address { get; set; }

    /// <summary>Of its __got slot.</summary>
    public ulong SlotAddress { get; set; }

    /// <summary>From 1 on; 0 for imports and absolute symbols.</summary>
    public int Section { get; set; }

    /// <summary>In the symbol table of the image.</summary>
    public int Index { get; set; }

    public readonly bool IsImport => Definition == Definition.None;

    public readonly bool IsUsedImport => IsImport && IsReferenced;

    public readonly bool IsExported => !IsImport && !IsPrivate;

    /// <summary>That object's symbol is what the name stands for in the image.</summary>
    public readonly bool IsDefinedBy(ObjectFile file, int symbol) => Definer == file.Ordinal && DefinerSymbol == symbol;
}
