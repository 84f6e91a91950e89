using System.Runtime.CompilerServices;

namespace KextDev.MachO.Linking;

/// <summary>Inputs to objects: archives are opened, everything is read and checked, on all processors.</summary>
internal static class ObjectLoader
{
    private const int MaximumSharing = 4;

    /// <summary>Bounds what the kext's tables may grow to; no kernel has room for a kext of this size.</summary>
    private const long MaximumInput = 1 << 30;

    /// <summary>In the order of the inputs.</summary>
    public static ObjectFile[] Load(IReadOnlyList<LinkInput> inputs, DiagnosticBag diagnostics, CancellationToken cancellationToken)
    {
        List<LinkInput> members = [.. inputs.SelectMany(input => Open(input, diagnostics))];
        if (members.Sum(member => (long)member.Bytes.Length) > MaximumInput)
        {
            diagnostics.Error("KL2010", $"the objects are larger than {MaximumInput >> 20} MiB together", members[0].Name);
            return [];
        }

        var objects = new ObjectFile?[members.Count];
        var bags = new DiagnosticBag[members.Count];
        Parallel.For(0, members.Count, new ParallelOptions { CancellationToken = cancellationToken }, index =>
        {
            bags[index] = new DiagnosticBag();
            objects[index] = Load(members[index], bags[index]);
        });
        foreach (var bag in bags)
        {
            diagnostics.AddRange(bag);
        }

        var files = objects.OfType<ObjectFile>().ToArray();
        for (var index = 0; index < files.Length; index++)
        {
            files[index].Ordinal = index;
        }

        return files;
    }

    private static IReadOnlyList<LinkInput> Open(LinkInput input, DiagnosticBag diagnostics)
    {
        if (FatFile.IsFat(input.Bytes.Span))
        {
            var slices = FatFile.Slices(input.Bytes, input.Name, diagnostics);
            if (slices.FirstOrDefault(slice => slice.CpuType == MachOHeader.X86) is not { } slice)
            {
                diagnostics.Error("KL2001", "a fat file without a sound slice for x86_64; compile with -target x86_64-apple-macosx", input.Name);
                return [];
            }

            input = input with { Bytes = slice.Bytes };
        }

        if (!StaticArchive.IsArchive(input.Bytes.Span))
        {
            return [input];
        }

        var found = new List<LinkDiagnostic>();
        var members = StaticArchive.Read(input.Bytes, input.Name, found);
        found.ForEach(diagnostics.Add);
        return
        [
            .. members.Select(member =>
                new LinkInput($"{input.Name}({member.Name})", member.Bytes) { IsLibrary = true, Modified = member.Modified }),
        ];
    }

    private static ObjectFile? Load(LinkInput input, DiagnosticBag diagnostics)
    {
        if (MachOReader.ReadThin(input.Bytes, input.Name, diagnostics) is not { } file)
        {
            return null;
        }

        if (file.Header is not { CpuType: MachOHeader.X86, FileType: MachOHeader.ObjectFileType })
        {
            diagnostics.Error(
                "KL2001",
                $"a Mach-O file of type {file.Header.FileType} for processor 0x{file.Header.CpuType:x}, where an object (1) for x86_64 (0x1000007) "
                + "is linked; compile with -c -target x86_64-apple-macosx",
                input.Name);
            return null;
        }

        var sections = file.Sections.Select(section => new InputSection(section, IsKept(section))).ToArray();
        foreach (var section in sections)
        {
            Check(section, input.Name, diagnostics);
        }

        var names = new SymbolName[file.Symbols.Length];
        for (var index = 0; index < names.Length && !diagnostics.IsFull; index++)
        {
            Check(file, index, names, input.Name, diagnostics);
        }

        CheckNames(file, names, input.Name, diagnostics);
        return diagnostics.HasErrors
            ? null
            : new ObjectFile(input.Name, file, sections, names) { Modified = input.Modified, IsLibrary = input.IsLibrary };
    }

    // Names may share their ends in the string table, but not without limit: the kext's own table holds each name whole.
    private static void CheckNames(MachOFile file, SymbolName[] names, string name, DiagnosticBag diagnostics)
    {
        if (names.Sum(found => (long)found.Length) > MaximumSharing * (long)file.StringTable.Length)
        {
            diagnostics.Error("KL1010", "its symbols' names overlap in the string table so much that no assembler wrote them", name);
        }
    }

    // Hints for linkers, debug information and unwind tables stay out: the kernel unwinds nothing, and kexts throw no exceptions.
    private static bool IsKept(Section section) =>
        !section.IsDebug && section.Segment is not ("__LD" or "__LLVM") && section.Name is not ("__compact_unwind" or "__eh_frame");

    private static void Check(InputSection section, string name, DiagnosticBag diagnostics)
    {
        var header = section.Header;
        if (!section.IsKept)
        {
            return;
        }

        var reason = header switch
        {
            { Segment: not ("__TEXT" or "__DATA") } => "its segment is neither __TEXT nor __DATA, which are all that a kext has",
            { Type: not (0x0 or 0x1 or 0x2 or 0x3 or 0x4 or 0x5 or 0x9 or 0xA or 0xB or 0xE) } =>
                $"the kernel's linker takes no section of type 0x{header.Type:x}"
                + (header.Type is >= 0x11 and <= 0x15 ? ": there are no thread-local variables" : ""),
            { IsZeroFill: true, Segment: "__TEXT" } => "__TEXT has no zero-fill",
            { Alignment: > ImageLayout.PageAlignment } => $"its alignment of 2^{header.Alignment} is more than a page, and the kernel loads at any page",
            { IsZeroFill: true, Relocations.Length: > 0 } => "zero-fill has nothing to relocate",
            _ => null,
        };
        if (reason is not null)
        {
            diagnostics.Error("KL2004", $"section {header} cannot go into a kext: {reason}", name);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Check(MachOFile file, int index, SymbolName[] names, string name, DiagnosticBag diagnostics)
    {
        ref readonly var symbol = ref file.Symbols[index];
        if (symbol.IsStab)
        {
            return;
        }

        if (SymbolName.Find(file.StringTable.Span, symbol.NameOffset) is not { } found)
        {
            diagnostics.Error(
                "KL1008", $"the name of symbol {index} is not in the string table, or longer than {SymbolName.MaximumLength} bytes", name);
            return;
        }

        names[index] = found;
        switch (symbol.Kind)
        {
            case Symbol.InSection when symbol.Section == 0 || symbol.Section > file.Sections.Count:
                diagnostics.Error("KL1009", $"symbol '{file.NameOf(symbol)}' is defined in section {symbol.Section} of {file.Sections.Count}", name);
                break;
            case Symbol.InSection when symbol.Value - file.Sections[symbol.Section - 1].Address > file.Sections[symbol.Section - 1].Size:
                diagnostics.Error("KL1009", $"symbol '{file.NameOf(symbol)}' lies outside of its section", name);
                break;
            case 0 or Symbol.InSection or Symbol.Absolute:
                break;
            default:
                diagnostics.Error(
                    "KL2005",
                    $"symbol '{file.NameOf(symbol)}' is of kind 0x{symbol.Kind:x} (an alias or prebound), which kexts cannot have",
                    name);
                break;
        }
    }
}
