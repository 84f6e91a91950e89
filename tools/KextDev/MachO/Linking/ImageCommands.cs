using System.Buffers.Binary;

namespace KextDev.MachO.Linking;

/// <summary>Header and load commands of a kext, in Apple's order.</summary>
internal static class ImageCommands
{
    // MH_NOUNDEFS, MH_DYLDLINK, MH_TWOLEVEL: all kexts have these.
    private const uint Flags = 0x85;

    // Protections: 4 execute, 2 write, 1 read. Old systems want a maximum of all.
    private const uint AnyProtection = 7;

    /// <summary>In bytes; it follows from which sections there are.</summary>
    public static int SizeOf(ImageLayout layout, VersionMinimum? versionMinimum) =>
        MachOHeader.Size + Commands(layout, linkEdit: null, default, versionMinimum).Sum(command => command.Size);

    /// <summary>Into the start of the file.</summary>
    public static void Write(Span<byte> file, ImageLayout layout, LinkEdit linkEdit, Guid uuid, VersionMinimum? versionMinimum)
    {
        var header = new MachOHeader(MachOHeader.X86, MachOHeader.X86All, MachOHeader.KextBundleFileType, Flags, 0);
        MachOWriter.WriteCommands(file, header, Commands(layout, linkEdit, uuid, versionMinimum));
    }

    private static List<LoadCommand> Commands(ImageLayout layout, LinkEdit? linkEdit, Guid uuid, VersionMinimum? versionMinimum)
    {
        var (data, end) = (layout.DataAddress, layout.LinkEditAddress);
        var linkEditSize = linkEdit is null ? 0 : linkEdit.End - end;
        List<LoadCommand> commands =
        [
            new SegmentCommand("__TEXT", 0, data, 0, data, AnyProtection, 5) { Sections = Headers(layout.Text) },
            new SegmentCommand("__DATA", data, end - data, data, end - data, AnyProtection, 3) { Sections = Headers(layout.Data) },
            new SegmentCommand("__LINKEDIT", end, OutputSection.Align(linkEditSize, ImageLayout.PageAlignment), end, linkEditSize, AnyProtection, 1),
            linkEdit?.SymbolTable ?? new SymbolTableCommand(0, 0, 0, 0),
            linkEdit?.DynamicSymbolTable ?? new DynamicSymbolTableCommand(new uint[DynamicSymbolTableCommand.WordCount]),
            new UuidCommand(uuid),
        ];
        if (versionMinimum is { Encoded: var version })
        {
            commands.Add(new OtherCommand(LoadCommand.VersionMinimumMacos, Body(version, version)));
        }

        commands.Add(new OtherCommand(LoadCommand.SourceVersion, Body(0, 0)));
        return commands;
    }

    private static Section[] Headers(IReadOnlyList<OutputSection> sections) => [.. sections.Select(section => section.ToHeader())];

    private static byte[] Body(uint first, uint second)
    {
        var body = new byte[2 * sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(body, first);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(sizeof(uint)), second);
        return body;
    }
}
