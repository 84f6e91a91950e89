using System.Text;

namespace KextDev.MachO;

/// <summary>What struct kmod_info of a kext says before the kernel fills it in: 196 bytes behind the symbol _kmod_info.</summary>
public sealed record KmodInfo(string Identifier, string Version)
{
    public const string SymbolName = "_kmod_info";

    public const int Size = 196;

    private const int NameOffset = 16;
    private const int VersionOffset = 80;
    private const int TextSize = 64;

    /// <summary>Null when there is no _kmod_info, or when it does not lie whole in a section with content.</summary>
    public static KmodInfo? Find(MachOFile file)
    {
        if (file.FindDefined(SymbolName) is not { IsDefinedInSection: true } symbol
            || symbol.Section == 0
            || symbol.Section > file.Sections.Count
            || file.Sections[symbol.Section - 1] is var section && symbol.Value < section.Address
            || symbol.Value - section.Address is var offset && offset > (ulong)section.Content.Length
            || (ulong)section.Content.Length - offset < Size)
        {
            return null;
        }

        var bytes = section.Content.Span.Slice((int)offset, Size);
        return new KmodInfo(Text(bytes.Slice(NameOffset, TextSize)), Text(bytes.Slice(VersionOffset, TextSize)));
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.IndexOf((byte)0) is >= 0 and var end ? bytes[..end] : bytes);
}
