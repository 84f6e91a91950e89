using System.Runtime.InteropServices;

namespace KextDev.MachO;

/// <summary>nlist_64, in the file's own layout of 16 bytes.</summary>
/// <param name="NameOffset">Where the name starts in the string table.</param>
/// <param name="Section">Number of the defining section, from 1 on; 0 for none.</param>
/// <param name="Value">Address; the size of a common symbol.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct Symbol(uint NameOffset, byte Type, byte Section, ushort Description, ulong Value)
{
    /// <summary>Bytes in the file.</summary>
    public const int Size = 16;

    public const byte External = 0x01;
    public const byte PrivateExternal = 0x10;
    public const byte InSection = 0x0E;
    public const byte Absolute = 0x02;

    /// <summary>n_desc of an import: may be absent.</summary>
    public const ushort WeakReference = 0x40;

    /// <summary>n_desc of a definition: one of several equal ones.</summary>
    public const ushort WeakDefinition = 0x80;

    /// <summary>A debugger's entry.</summary>
    public bool IsStab => (Type & 0xE0) != 0;

    public bool IsExternal => !IsStab && (Type & External) != 0;

    public bool IsPrivateExternal => !IsStab && (Type & PrivateExternal) != 0;

    /// <summary>N_UNDF, N_ABS, N_SECT, N_PBUD or N_INDR.</summary>
    public byte Kind => (byte)(Type & 0x0E);

    public bool IsDefinedInSection => !IsStab && Kind == InSection;

    public bool IsAbsolute => !IsStab && Kind == Absolute;

    public bool IsCommon => IsExternal && Kind == 0 && Value != 0;

    public bool IsUndefined => IsExternal && Kind == 0 && Value == 0;

    public bool IsWeakReference => IsUndefined && (Description & WeakReference) != 0;

    public bool IsWeakDefinition => IsDefinedInSection && (Description & WeakDefinition) != 0;

    /// <summary>log2 of a common symbol's alignment; 0 when the compiler left it to the linker.</summary>
    public int CommonAlignment => (Description >> 8) & 0x0F;
}
