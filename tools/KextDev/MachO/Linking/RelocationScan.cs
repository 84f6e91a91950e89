using System.Runtime.CompilerServices;

namespace KextDev.MachO.Linking;

/// <summary>
/// Looks at every relocation before anything is laid out: refuses what a kext cannot express, so that the pass that applies them need not
/// ask again; finds what needs a slot in __got, which imports are really used, and how many relocations the image will have.
/// </summary>
internal sealed class RelocationScan
{
    private const string MendExtern = "declare it extern without hidden visibility and compile with -mkernel, so that it is reached through the GOT";

    private readonly ObjectFile _file;
    private readonly SymbolTable _table;
    private readonly DiagnosticBag _diagnostics = new();

    private RelocationScan(ObjectFile file, SymbolTable table) => (_file, _table) = (file, table);

    public static void Run(SymbolResolution symbols, DiagnosticBag diagnostics, CancellationToken cancellationToken)
    {
        var scans = symbols.Objects.Select(file => new RelocationScan(file, symbols.Table)).ToArray();
        Parallel.ForEach(scans, new ParallelOptions { CancellationToken = cancellationToken }, scan => scan.Scan());
        foreach (var scan in scans)
        {
            diagnostics.AddRange(scan._diagnostics);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scan()
    {
        foreach (var section in _file.Sections)
        {
            var relocations = section.IsKept ? section.Header.Relocations : [];
            for (var index = 0; index < relocations.Length && !_diagnostics.IsFull; index++)
            {
                if (!IsSound(section.Header, relocations[index]))
                {
                    continue;
                }

                if (relocations[index].Type == RelocationType.Subtractor)
                {
                    ScanDifference(section.Header, relocations[index], index + 1 < relocations.Length ? relocations[++index] : default);
                }
                else
                {
                    Scan(section.Header, relocations[index]);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool IsSound(Section section, Relocation relocation)
    {
        if (relocation.Address < 0 || (ulong)relocation.Address + (1ul << relocation.Length) > section.Size)
        {
            return Refuse("KL2007", section, relocation, "lies outside of its section");
        }

        if (relocation.IsExternal)
        {
            if (relocation.Number >= _file.Globals.Length || _file.Symbols[relocation.Number].IsStab)
            {
                return Refuse("KL2007", section, relocation, $"names symbol {relocation.Number}, which the object does not have");
            }

            var symbol = _file.Symbols[relocation.Number];
            if (_file.Globals[relocation.Number] is >= 0 and var name)
            {
                _table[name].IsReferenced = true;
                return true;
            }

            return symbol.IsAbsolute
                || _file.IsKept(symbol)
                || Refuse("KL2012", section, relocation, $"names '{_file.File.NameOf(symbol)}', which stays out of the kext");
        }

        if (relocation.Number == 0 || relocation.Number > _file.Sections.Length)
        {
            return Refuse("KL2007", section, relocation, $"names section {relocation.Number} of {_file.Sections.Length}");
        }

        var target = _file.Sections[relocation.Number - 1];
        return target.IsKept || Refuse("KL2012", section, relocation, $"points into section {target.Header}, which stays out of the kext");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scan(Section section, Relocation relocation)
    {
        var target = RelocationTarget.Of(_file, _table, relocation);
        switch (relocation)
        {
            case { Type: RelocationType.Unsigned, IsPcRelative: false, Length: 3 }:
                _file.ExternalRelocationCount += target.IsImport ? 1 : 0;
                _file.LocalRelocationCount += target.IsInImage ? 1 : 0;
                break;
            case { Type: RelocationType.Branch or RelocationType.Signed or RelocationType.Signed1 or RelocationType.Signed2 or RelocationType.Signed4 }
                when relocation is { IsPcRelative: true, Length: 2 }:
                ScanDisplacement(section, relocation, target);
                break;
            case { Type: RelocationType.GotLoad or RelocationType.Got, IsPcRelative: true, Length: 2, IsExternal: true }:
                ScanSlot(section, relocation, target);
                break;
            default:
                Refuse("KL2006", section, relocation, "is of a kind that the kernel's linker cannot take: compile with -mkernel, for 64 bits");
                break;
        }
    }

    private void ScanDisplacement(Section section, Relocation relocation, in RelocationTarget target)
    {
        if (target.IsAbsolute)
        {
            Refuse("KL2006", section, relocation, "reaches an absolute address relative to code whose address is known only when it is loaded");
        }
        else if (target.IsImport && relocation.Type == RelocationType.Branch)
        {
            _file.ExternalRelocationCount++;
        }
        else if (target.IsImport)
        {
            Refuse("KL2008", section, relocation, $"reads or writes '{_table.TextOf(target.Global)}' directly, which no object defines: {MendExtern}");
        }
    }

    private void ScanSlot(Section section, Relocation relocation, in RelocationTarget target)
    {
        if (relocation.Type == RelocationType.GotLoad && target.IsInImage && IsLoad(section, relocation))
        {
            return;
        }

        if (target.Global < 0)
        {
            Refuse("KL2006", section, relocation, "wants a GOT slot for a static symbol; compile with -mkernel");
            return;
        }

        _table[target.Global].NeedsSlot = true;
    }

    /// <summary>mov disp32(%rip), register: can be turned into lea.</summary>
    public static bool IsLoad(Section section, Relocation relocation)
    {
        var content = section.Content.Span;
        return relocation.Address >= 2 && content[relocation.Address - 2] == 0x8B && (content[relocation.Address - 1] & 0xC7) == 0x05;
    }

    private void ScanDifference(Section section, Relocation subtrahend, Relocation minuend)
    {
        if (subtrahend is not { IsPcRelative: false, Length: 2 or 3 }
            || minuend is not { Type: RelocationType.Unsigned, IsPcRelative: false }
            || minuend.Address != subtrahend.Address || minuend.Length != subtrahend.Length)
        {
            Refuse("KL2006", section, subtrahend, "is the first half of a difference whose second half is missing or does not fit");
        }
        else if (IsSound(section, minuend)
            && !(RelocationTarget.Of(_file, _table, subtrahend).IsInImage && RelocationTarget.Of(_file, _table, minuend).IsInImage))
        {
            Refuse("KL2006", section, subtrahend, "is a difference of addresses of which no object defines one");
        }
    }

    private bool Refuse(string code, Section section, Relocation relocation, string what)
    {
        _diagnostics.Error(
            code,
            $"relocation {relocation.Type} ({(int)relocation.Type}) of {1 << relocation.Length} bytes {what}",
            _file.Place(section, relocation.Address));
        return false;
    }
}
