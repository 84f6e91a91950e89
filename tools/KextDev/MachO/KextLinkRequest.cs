using System.Runtime.InteropServices;

namespace KextDev.MachO;

/// <summary>What to link.</summary>
/// <param name="Inputs">In the order in which their sections are laid out.</param>
public sealed record KextLinkRequest(IReadOnlyList<LinkInput> Inputs)
{
    /// <summary>Tells dsymutil which object each function came from.</summary>
    public bool WithDebugMap { get; init; } = true;

    /// <summary>LC_VERSION_MIN_MACOSX; as with Apple's linker there is none unless asked for. 10.8 is the first kernel that takes it.</summary>
    public VersionMinimum? VersionMinimum { get; init; }
}

/// <summary>A macOS version, and that of the SDK: 10.13.6 is (10, 13, 6).</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct VersionMinimum(ushort Major, byte Minor, byte Patch)
{
    /// <summary>xxxx.yy.zz in nibbles, as load commands write it.</summary>
    public uint Encoded => ((uint)Major << 16) | ((uint)Minor << 8) | Patch;
}
