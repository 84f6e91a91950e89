using System.Runtime.InteropServices;

namespace KextDev.MachO;

/// <summary>section_64 with what it owns in the file. Names keep all their 16 bytes but trailing zeros, a byte a character.</summary>
/// <param name="Alignment">log2.</param>
public sealed record Section(string Segment, string Name, ulong Address, ulong Size, uint Offset, uint Alignment, uint Flags)
{
    public const byte Regular = 0x0;
    public const byte ZeroFill = 0x1;

    /// <summary>Bytes of its header in the file.</summary>
    public const int HeaderSize = 80;

    public const uint DebugAttribute = 0x02000000;

    public uint RelocationOffset { get; init; }

    public uint Reserved1 { get; init; }

    public uint Reserved2 { get; init; }

    public uint Reserved3 { get; init; }

    /// <summary>Empty for zero-fill.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    public ReadOnlyMemory<byte> RelocationBytes { get; init; }

    public ReadOnlySpan<Relocation> Relocations => MemoryMarshal.Cast<byte, Relocation>(RelocationBytes.Span);

    public byte Type => (byte)Flags;

    /// <summary>Takes no room in the file: S_ZEROFILL, S_GB_ZEROFILL, S_THREAD_LOCAL_ZEROFILL.</summary>
    public bool IsZeroFill => Type is ZeroFill or 0xC or 0x12;

    public bool IsDebug => Segment == "__DWARF" || (Flags & DebugAttribute) != 0;

    public override string ToString() => $"{Segment},{Name}";
}
