namespace KextDev.MachO;

/// <summary>What reading gave.</summary>
/// <param name="File">Null when there is nothing to work with; of a fat file the slice for x86_64.</param>
public sealed record MachOReading(MachOFile? File, IReadOnlyList<LinkDiagnostic> Diagnostics)
{
    /// <summary>The slices of a fat file, those that are not read (32-bit) included; one of a thin file.</summary>
    public IReadOnlyList<MachOSlice> Slices { get; init; } = [];
}

/// <param name="Offset">In the fat file; 0 in a thin one.</param>
public sealed record MachOSlice(uint CpuType, uint CpuSubtype, int Offset, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Null when it is not a 64-bit little-endian file, or malformed.</summary>
    public MachOFile? File { get; init; }
}
