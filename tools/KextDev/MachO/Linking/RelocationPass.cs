using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace KextDev.MachO.Linking;

/// <summary>
/// Copies the objects' sections into the image and applies their relocations, on all processors. A place that moves with the image becomes a
/// local relocation, a place that needs an import an external one; all else is settled here.
/// </summary>
internal sealed class RelocationPass
{
    private readonly ObjectFile _file;
    private readonly SymbolTable _table;
    private readonly LinkEdit _linkEdit;
    private readonly byte[] _image;
    private readonly DiagnosticBag _diagnostics = new();
    private int _local;
    private int _external;

    private RelocationPass(ObjectFile file, SymbolTable table, LinkEdit linkEdit, byte[] image)
    {
        (_file, _table, _linkEdit, _image) = (file, table, linkEdit, image);
        (_local, _external) = (file.FirstLocalRelocation, file.FirstExternalRelocation);
    }

    public static void Run(
        SymbolResolution symbols, ImageLayout layout, LinkEdit linkEdit, byte[] image, DiagnosticBag diagnostics, CancellationToken cancellationToken)
    {
        var passes = symbols.Objects.Select(file => new RelocationPass(file, symbols.Table, linkEdit, image)).ToArray();
        Parallel.ForEach(passes, new ParallelOptions { CancellationToken = cancellationToken }, pass => pass.Apply());
        foreach (var pass in passes)
        {
            diagnostics.AddRange(pass._diagnostics);
        }

        FillSlots(symbols.Table, layout, linkEdit, image);
    }

    private static void FillSlots(SymbolTable table, ImageLayout layout, LinkEdit linkEdit, byte[] image)
    {
        foreach (var slot in layout.Slots)
        {
            ref readonly var symbol = ref table[slot];
            var place = (int)symbol.SlotAddress;
            if (symbol.IsImport)
            {
                linkEdit.AddSlot(Relocation.OfPointer(place, (uint)symbol.Index, isExternal: true));
                continue;
            }

            BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(place), symbol.Address);
            if (symbol.Section != 0)
            {
                linkEdit.AddSlot(Relocation.OfPointer(place, (uint)symbol.Section, isExternal: false));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Apply()
    {
        foreach (var section in _file.Sections)
        {
            if (!section.IsKept)
            {
                continue;
            }

            var content = _image.AsSpan((int)section.Address, (int)section.Header.Size);
            section.Header.Content.Span.CopyTo(content);
            var relocations = section.Header.Relocations;
            for (var index = 0; index < relocations.Length; index++)
            {
                var relocation = relocations[index];
                var place = content[relocation.Address..];
                switch (relocation.Type)
                {
                    case RelocationType.Unsigned:
                        ApplyPointer(section, relocation, place);
                        break;
                    case RelocationType.Subtractor:
                        ApplyDifference(section, relocation, relocations[++index], place);
                        break;
                    case RelocationType.GotLoad or RelocationType.Got:
                        ApplySlot(section, relocation, content);
                        break;
                    default:
                        ApplyDisplacement(section, relocation, place);
                        break;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ApplyPointer(InputSection section, Relocation relocation, Span<byte> place)
    {
        var target = RelocationTarget.Of(_file, _table, relocation);
        var address = (int)section.Address + relocation.Address;
        if (target.IsImport)
        {
            // The stored addend stays: the kernel's linker adds the symbol's address.
            _linkEdit.ExternalRelocations[_external++] = Relocation.OfPointer(address, (uint)_table[target.Global].Index, isExternal: true);
            return;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(place, BinaryPrimitives.ReadUInt64LittleEndian(place) + target.Addend);
        if (target.IsInImage)
        {
            var number = target.Section is null ? _table[target.Global].Section : target.Section.Output!.Number;
            _linkEdit.LocalRelocations[_local++] = Relocation.OfPointer(address, (uint)number, isExternal: false);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ApplyDisplacement(InputSection section, Relocation relocation, Span<byte> place)
    {
        var target = RelocationTarget.Of(_file, _table, relocation);
        var address = (int)section.Address + relocation.Address;
        if (target.IsImport)
        {
            _linkEdit.ExternalRelocations[_external++] = Relocation.OfCall(address, (uint)_table[target.Global].Index);
            return;
        }

        // The content of SIGNED_1, _2, _4 counts the bytes that follow in the instruction already.
        var displacement = BinaryPrimitives.ReadInt32LittleEndian(place) + (long)target.Addend
            - (relocation.IsExternal ? address + 4 : section.Shift);
        Store(section, relocation, place, displacement);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ApplySlot(InputSection section, Relocation relocation, Span<byte> content)
    {
        var target = RelocationTarget.Of(_file, _table, relocation);
        var place = content[relocation.Address..];
        var end = (long)section.Address + relocation.Address + 4;
        if (relocation.Type == RelocationType.GotLoad && target.IsInImage && RelocationScan.IsLoad(section.Header, relocation))
        {
            // mov becomes lea: the address itself, not a slot that holds it.
            content[relocation.Address - 2] = 0x8D;
            Store(section, relocation, place, BinaryPrimitives.ReadInt32LittleEndian(place) + (long)target.Addend - end);
            return;
        }

        Store(section, relocation, place, BinaryPrimitives.ReadInt32LittleEndian(place) + (long)_table[target.Global].SlotAddress - end);
    }

    private void ApplyDifference(InputSection section, Relocation subtrahend, Relocation minuend, Span<byte> place)
    {
        var change = RelocationTarget.Of(_file, _table, minuend).Addend - RelocationTarget.Of(_file, _table, subtrahend).Addend;
        if (subtrahend.Length == 3)
        {
            BinaryPrimitives.WriteInt64LittleEndian(place, BinaryPrimitives.ReadInt64LittleEndian(place) + (long)change);
        }
        else
        {
            Store(section, subtrahend, place, BinaryPrimitives.ReadInt32LittleEndian(place) + (long)change);
        }
    }

    private void Store(InputSection section, Relocation relocation, Span<byte> place, long value)
    {
        if (value is < int.MinValue or > int.MaxValue)
        {
            _diagnostics.Error(
                "KL2009",
                $"relocation {relocation.Type} needs 0x{value:x}, which does not fit into 32 bits",
                _file.Place(section.Header, relocation.Address));
        }

        BinaryPrimitives.WriteInt32LittleEndian(place, (int)value);
    }
}
