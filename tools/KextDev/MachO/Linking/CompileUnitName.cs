using System.Text;

namespace KextDev.MachO.Linking;

/// <summary>Folder (ending in a slash) and name of the source that an object was compiled from.</summary>
internal static class CompileUnitName
{
    // DWARF 4, sections 7.5.4 to 7.5.6; DWARF 5 likewise.
    private const ulong NameAttribute = 0x03;
    private const ulong FolderAttribute = 0x1B;

    /// <summary>The first compile unit's, by its DWARF; the object's own path where that does not tell.</summary>
    public static (string Folder, string Source) Find(ObjectFile file)
    {
        var info = new DwarfCursor(Content(file, "__debug_info"));
        info.Fixed(4);
        var version = info.Fixed(2);
        var addressSize = 8;
        var abbreviations = 0ul;
        switch (version)
        {
            case >= 2 and <= 4:
                abbreviations = info.Fixed(4);
                addressSize = (int)info.Fixed(1);
                break;
            case 5:
                info.Fixed(1);
                addressSize = (int)info.Fixed(1);
                abbreviations = info.Fixed(4);
                break;
        }

        var (folder, name) = version is >= 2 and <= 5 && addressSize is 4 or 8
            ? Read(file, ref info, abbreviations, addressSize)
            : (null, null);
        name ??= file.Name;
        return name.StartsWith('/') && name.LastIndexOf('/') + 1 is var end
            ? (name[..end], name[end..])
            : ((folder ?? ".").TrimEnd('/') + "/", name);
    }

    private static (string? Folder, string? Name) Read(ObjectFile file, ref DwarfCursor info, ulong abbreviationOffset, int addressSize)
    {
        var shapes = new DwarfCursor(Content(file, "__debug_abbrev"));
        shapes.Take(abbreviationOffset);
        string? folder = null;
        string? name = null;

        // The first entry of the unit is the unit itself, and its shape is the first one that compilers write.
        if (info.Leb128() is not (> 0 and var code) || shapes.Leb128() != code)
        {
            return (null, null);
        }

        shapes.Leb128();
        shapes.Fixed(1);
        while (!shapes.IsPast && !info.IsPast)
        {
            var (attribute, form) = (shapes.Leb128(), shapes.Leb128());
            if (attribute == 0)
            {
                break;
            }

            if (!TryRead(file, ref info, form, addressSize, out var text))
            {
                break;
            }

            name = attribute == NameAttribute ? text ?? name : name;
            folder = attribute == FolderAttribute ? text ?? folder : folder;
        }

        return (folder, name);
    }

    // Text for forms that are text; false for a form whose length is not known here.
    private static bool TryRead(ObjectFile file, ref DwarfCursor info, ulong form, int addressSize, out string? text)
    {
        text = null;
        switch (form)
        {
            case 0x08: // string
                text = Encoding.UTF8.GetString(info.Text());
                break;
            case 0x0E: // strp
                text = At(file, "__debug_str", info.Fixed(4));
                break;
            case 0x1F: // line_strp
                text = At(file, "__debug_line_str", info.Fixed(4));
                break;
            case 0x01: // addr
                info.Fixed(addressSize);
                break;
            case 0x25: // strx1
                text = Indexed(file, info.Fixed(1));
                break;
            case 0x0B or 0x0C or 0x29: // data1, flag, addrx1
                info.Fixed(1);
                break;
            case 0x05 or 0x26 or 0x2A: // data2, strx2, addrx2
                info.Fixed(2);
                break;
            case 0x06 or 0x17 or 0x28 or 0x2C: // data4, sec_offset, strx4, addrx4
                info.Fixed(4);
                break;
            case 0x07: // data8
                info.Fixed(8);
                break;
            case 0x0D or 0x0F or 0x1A or 0x1B or 0x22 or 0x23: // sdata, udata, strx, addrx, loclistx, rnglistx
                info.Leb128();
                break;
            case 0x19 or 0x21: // flag_present, implicit_const
                return form == 0x19;
            default:
                return false;
        }

        return true;
    }

    // The first unit's offsets start after their table's header of 8 bytes.
    private static string? Indexed(ObjectFile file, ulong index)
    {
        var offsets = new DwarfCursor(Content(file, "__debug_str_offs"));
        offsets.Take(8 + (index * 4));
        return At(file, "__debug_str", offsets.Fixed(4));
    }

    private static string? At(ObjectFile file, string section, ulong offset)
    {
        var strings = new DwarfCursor(Content(file, section));
        strings.Take(offset);
        return strings.Text() is { IsEmpty: false } text ? Encoding.UTF8.GetString(text) : null;
    }

    private static ReadOnlySpan<byte> Content(ObjectFile file, string name)
    {
        var section = file.File.Sections.FirstOrDefault(section => section.Segment == "__DWARF" && section.Name == name);
        return section is null ? default : section.Content.Span;
    }
}
