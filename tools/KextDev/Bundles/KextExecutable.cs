namespace KextDev.Bundles;

/// <param name="Name">Mach-O name: C's foo is "_foo".</param>
/// <param name="Weak">May be absent: the kernel then points it at _gOSKextUnresolved.</param>
public sealed record KextImport(string Name, bool Weak = false);

/// <summary>What the checks must know of a kext's Mach-O file.</summary>
/// <param name="CpuTypes">Of every slice; 0x01000007 is x86_64.</param>
/// <param name="FileType">Of the x86_64 slice (the first one without it); 11 is MH_KEXT_BUNDLE.</param>
/// <param name="Imports">Undefined symbols of that slice.</param>
/// <param name="LoadCommands">Its commands' numbers, without LC_REQ_DYLD's bit.</param>
public sealed record KextExecutable(
    IReadOnlyList<uint> CpuTypes, uint FileType, IReadOnlyList<KextImport> Imports, IReadOnlyList<uint> LoadCommands)
{
    public const uint X86Processor = 0x01000007;

    public const uint KextFileType = 11;

    /// <summary>_kmod_info is defined.</summary>
    public bool HasKmodInfo { get; init; }

    /// <summary>kmod_info.name; null where there is none or nothing in it.</summary>
    public string? KmodIdentifier { get; init; }

    public string? KmodVersion { get; init; }

    public Guid? Uuid { get; init; }

    /// <summary>LC_CODE_SIGNATURE.</summary>
    public bool IsSigned => LoadCommands.Contains(0x1Du);
}
