using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace KextDev.MachO;

/// <summary>relocation_info, in the file's own layout of 8 bytes.</summary>
/// <param name="Address">Offset in the section (objects) or from the image's base (linked files).</param>
/// <param name="Info">Bits 0 to 23 symbol or section number, 24 pcrel, 25 and 26 log2 of the length, 27 extern, 28 to 31 type.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct Relocation(int Address, uint Info)
{
    /// <summary>Bytes in the file.</summary>
    public const int Size = 8;

    public Relocation(int address, uint number, bool pcRelative, int length, bool isExternal, RelocationType type)
        : this(address, number | (pcRelative ? 1u << 24 : 0) | ((uint)length << 25) | (isExternal ? 1u << 27 : 0) | ((uint)type << 28))
    {
    }

    /// <summary>X86_64_RELOC_UNSIGNED of 8 bytes, the only form in which the kernel's linker takes an address.</summary>
    public static Relocation OfPointer(int address, uint number, bool isExternal) => new(address, number, false, 3, isExternal, RelocationType.Unsigned);

    /// <summary>X86_64_RELOC_BRANCH to an import.</summary>
    public static Relocation OfCall(int address, uint symbol) => new(address, symbol, true, 2, true, RelocationType.Branch);

    /// <summary>Index in the symbol table when external, else a section number from 1 on.</summary>
    public int Number => (int)(Info & 0xFFFFFF);

    public bool IsPcRelative => (Info & (1u << 24)) != 0;

    /// <summary>log2 of the bytes that are patched.</summary>
    public int Length => (int)(Info >> 25) & 3;

    public bool IsExternal => (Info & (1u << 27)) != 0;

    public RelocationType Type => (RelocationType)(Info >> 28);
}

/// <summary>X86_64_RELOC_*.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The format's own names.")]
public enum RelocationType
{
    Unsigned = 0,
    Signed = 1,
    Branch = 2,
    GotLoad = 3,
    Got = 4,
    Subtractor = 5,
    Signed1 = 6,
    Signed2 = 7,
    Signed4 = 8,
    ThreadLocal = 9,
}
