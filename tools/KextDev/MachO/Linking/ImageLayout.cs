using System.Runtime.CompilerServices;

namespace KextDev.MachO.Linking;

/// <summary>
/// Addresses of everything. The image starts at 0 and file offsets equal addresses: __TEXT with the header, __DATA with its zero-fill last and
/// written out, __LINKEDIT; each from a page on.
/// </summary>
internal sealed class ImageLayout
{
    /// <summary>log2 of a page's bytes; the kernel loads a kext at any page.</summary>
    public const int PageAlignment = 12;

    /// <summary>Room for load commands that a signing tool adds.</summary>
    private const ulong HeaderPad = 128;

    /// <summary>More than the kernel's room for kexts; bounds what an object of a few bytes can announce as zero-fill.</summary>
    private const ulong MaximumSize = 256 << 20;

    /// <summary>A section's number is a byte; two numbers are left for __got and __common.</summary>
    private const int MaximumSections = 253;

    private readonly List<OutputSection> _text = [];
    private readonly List<OutputSection> _data = [];
    private ulong _total;

    private ImageLayout()
    {
    }

    /// <summary>By number, the first one having number 1.</summary>
    public IReadOnlyList<OutputSection> Sections { get; private set; } = [];

    /// <summary>The names that have a slot in __got.</summary>
    public IReadOnlyList<int> Slots { get; private set; } = [];

    public ulong DataAddress { get; private set; }

    public ulong LinkEditAddress { get; private set; }

    /// <summary>Bytes of header and load commands.</summary>
    public int CommandsEnd { get; private set; }

    public IReadOnlyList<OutputSection> Text => _text;

    public IReadOnlyList<OutputSection> Data => _data;

    /// <summary>Null after an error.</summary>
    public static ImageLayout? Create(SymbolResolution symbols, VersionMinimum? versionMinimum, DiagnosticBag diagnostics)
    {
        var layout = new ImageLayout();
        if (!layout.Gather(symbols.Objects, diagnostics))
        {
            return null;
        }

        layout.AddSlots(symbols.Table);
        if (!layout.AddCommons(symbols.Table, diagnostics))
        {
            return null;
        }

        layout.Number();
        layout.CommandsEnd = ImageCommands.SizeOf(layout, versionMinimum);
        layout.DataAddress = Place(layout._text, (ulong)layout.CommandsEnd + HeaderPad);
        layout.LinkEditAddress = Place(layout._data, layout.DataAddress);
        layout.Assign(symbols.Table);
        return layout;
    }

    private static ulong Place(List<OutputSection> sections, ulong address)
    {
        foreach (var section in sections)
        {
            address = OutputSection.Align(address, section.Alignment);
            section.MoveTo(address);
            address += section.Size;
        }

        return OutputSection.Align(address, PageAlignment);
    }

    private bool Gather(IReadOnlyList<ObjectFile> objects, DiagnosticBag diagnostics)
    {
        var sections = new Dictionary<(string, string), OutputSection>();
        foreach (var file in objects)
        {
            foreach (var input in file.KeptSections)
            {
                var header = input.Header;
                if (!Grow(header.Size, header.Alignment, $"section {header}", file, diagnostics))
                {
                    return false;
                }

                if (!sections.TryGetValue((header.Segment, header.Name), out var output))
                {
                    if (sections.Count == MaximumSections)
                    {
                        diagnostics.Error("KL2010", $"with section {header} the image has more than {MaximumSections} different sections", file.Name);
                        return false;
                    }

                    output = Section(header.Segment, header.Name);
                    sections.Add((header.Segment, header.Name), output);
                }

                output.Add(input);
            }
        }

        foreach (var output in sections.Values)
        {
            output.PlaceInputs();
        }

        return true;
    }

    private bool Grow(ulong size, uint alignment, string what, ObjectFile file, DiagnosticBag diagnostics)
    {
        if (size <= MaximumSize && (_total += size + (1ul << (int)alignment)) <= MaximumSize)
        {
            return true;
        }

        diagnostics.Error("KL2010", $"with {what} the image has more than {MaximumSize >> 20} MiB, for which no kernel has room", file.Name);
        return false;
    }

    private OutputSection Section(string segment, string name)
    {
        var sections = segment == "__TEXT" ? _text : _data;
        if (sections.Find(section => section.Name == name) is { } present)
        {
            return present;
        }

        var created = new OutputSection(segment, name);
        sections.Add(created);
        return created;
    }

    private void AddSlots(SymbolTable table)
    {
        var slots = new List<int>();
        for (var index = 0; index < table.Count; index++)
        {
            if (table[index].NeedsSlot)
            {
                table[index].SlotAddress = Section("__DATA", "__got").Reserve(8, 3, isZeroFill: false);
                slots.Add(index);
            }
        }

        Slots = slots;
    }

    private bool AddCommons(SymbolTable table, DiagnosticBag diagnostics)
    {
        for (var index = 0; index < table.Count; index++)
        {
            ref var symbol = ref table[index];
            if (symbol.Definition != Definition.Common)
            {
                continue;
            }

            if (!Grow(symbol.CommonSize, symbol.CommonAlignment, $"symbol '{table.TextOf(index)}'", table.File(symbol.Definer), diagnostics))
            {
                return false;
            }

            symbol.Address = Section("__DATA", "__common").Reserve(symbol.CommonSize, symbol.CommonAlignment, isZeroFill: true);
        }

        return true;
    }

    private void Number()
    {
        Sections = [.. _text.OrderBy(section => section.Rank), .. _data.OrderBy(section => section.Rank)];
        for (var index = 0; index < Sections.Count; index++)
        {
            Sections[index].Number = index + 1;
        }

        _text.Sort((left, right) => left.Number - right.Number);
        _data.Sort((left, right) => left.Number - right.Number);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Assign(SymbolTable table)
    {
        var got = _data.Find(section => section.Name == "__got");
        var common = _data.Find(section => section.Name == "__common");
        foreach (ref var global in table.Symbols)
        {
            if (global.NeedsSlot)
            {
                global.SlotAddress += got!.Address;
            }

            if (global.Definition == Definition.Common)
            {
                (global.Address, global.Section) = (global.Address + common!.Address, common.Number);
            }
            else if (global.Definer >= 0)
            {
                var definer = table.File(global.Definer);
                ref readonly var symbol = ref definer.Symbols[global.DefinerSymbol];
                (global.Address, global.Section) = symbol.IsAbsolute
                    ? (symbol.Value, 0)
                    : (symbol.Value + (ulong)definer.SectionOf(symbol).Shift, definer.SectionOf(symbol).Output!.Number);
            }
        }
    }
}
