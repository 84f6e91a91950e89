using System.Runtime.InteropServices;

namespace KextDev.MachO;

/// <summary>mach_header_64 without its magic and its counts of load commands, which follow from the commands.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MachOHeader(uint CpuType, uint CpuSubtype, uint FileType, uint Flags, uint Reserved)
{
    /// <summary>Bytes in the file.</summary>
    public const int Size = 32;

    public const uint Magic64 = 0xFEEDFACF;

    public const uint X86 = 0x01000007;

    public const uint X86All = 3;

    /// <summary>MH_OBJECT.</summary>
    public const uint ObjectFileType = 1;

    /// <summary>MH_KEXT_BUNDLE.</summary>
    public const uint KextBundleFileType = 11;
}
