using System.Buffers.Binary;
using System.Text;
using KextDev.MachO;

namespace KextDev.Tests.MachO;

/// <summary>
/// What the kernel's linker makes of a kext at a load address, with its strictness: segments contiguous from 0, pages, sections where their
/// alignment wants them, no section relocation, UNSIGNED of 8 bytes and BRANCH of 4 only.
/// </summary>
internal sealed class LoadedImage
{
    private const int PageSize = 4096;

    private readonly MachOFile _file;
    private readonly IReadOnlyDictionary<string, ulong> _kernel;

    private LoadedImage(MachOFile file, ulong address, IReadOnlyDictionary<string, ulong> kernel)
    {
        (_file, Address, _kernel) = (file, address, kernel);
        Bytes = new byte[file.Segments.Where(segment => segment.Name != "__LINKEDIT").Sum(segment => (long)segment.VirtualSize)];
    }

    public ulong Address { get; }

    public byte[] Bytes { get; }

    /// <summary>Places that a relocation changed.</summary>
    public HashSet<int> Relocated { get; } = [];

    public static LoadedImage Load(byte[] kext, ulong address, IReadOnlyDictionary<string, ulong> kernel)
    {
        (address % PageSize).ShouldBe(0ul);
        var image = new LoadedImage(LinkedKext.Read(kext), address, kernel);
        image.Map(kext);
        foreach (var relocation in image._file.LocalRelocations)
        {
            image.Slide(relocation);
        }

        foreach (var relocation in image._file.ExternalRelocations)
        {
            image.Bind(relocation);
        }

        return image;
    }

    /// <summary>Address of a symbol that is defined here, as loaded.</summary>
    public ulong AddressOf(string symbol) => Address + _file.FindDefined(symbol).ShouldNotBeNull(symbol).Value;

    public ulong Pointer(string symbol, int offset = 0) =>
        BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan((int)(AddressOf(symbol) - Address) + offset));

    /// <summary>What the kernel calls before the start function.</summary>
    public IEnumerable<ulong> Initializers() =>
        from section in _file.Sections
        where section.Type == 0x9
        from index in Enumerable.Range(0, (int)section.Size / 8)
        select BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan((int)section.Address + (index * 8)));

    public string Text(ulong address)
    {
        var rest = Bytes.AsSpan((int)(address - Address));
        return Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private void Map(byte[] kext)
    {
        _file.Header.ShouldBe(new MachOHeader(MachOHeader.X86, MachOHeader.X86All, MachOHeader.KextBundleFileType, 0x85, 0));
        _file.Segments.Select(segment => segment.Name).ShouldBe(["__TEXT", "__DATA", "__LINKEDIT"]);
        var end = 0ul;
        foreach (var segment in _file.Segments)
        {
            segment.Address.ShouldBe(end);
            segment.FileOffset.ShouldBe(end);
            (segment.VirtualSize % PageSize).ShouldBe(0ul);
            end += segment.VirtualSize;
            if (segment.Name != "__LINKEDIT")
            {
                segment.FileSize.ShouldBe(segment.VirtualSize);
                kext.AsSpan((int)segment.FileOffset, (int)segment.FileSize).CopyTo(Bytes.AsSpan((int)segment.Address));
            }
        }

        foreach (var segment in _file.Segments)
        {
            var previous = segment.Address;
            foreach (var section in segment.Sections)
            {
                section.Segment.ShouldBe(segment.Name);
                section.Address.ShouldBeGreaterThanOrEqualTo(previous);
                (section.Address % (1ul << (int)section.Alignment)).ShouldBe(0ul);
                section.Offset.ShouldBe(section.IsZeroFill ? 0 : (uint)section.Address);
                section.RelocationBytes.IsEmpty.ShouldBeTrue();
                section.Type.ShouldBeOneOf((byte)0, (byte)1, (byte)2, (byte)3, (byte)4, (byte)5, (byte)9, (byte)0xA, (byte)0xE);
                previous = section.Address + section.Size;
            }

            previous.ShouldBeLessThanOrEqualTo(segment.Address + segment.VirtualSize);
        }
    }

    // Local: the section's number says what the stored address points into.
    private void Slide(Relocation relocation)
    {
        relocation.IsExternal.ShouldBeFalse();
        relocation.IsPcRelative.ShouldBeFalse();
        relocation.Length.ShouldBe(3);
        relocation.Type.ShouldBe(RelocationType.Unsigned);
        relocation.Number.ShouldBeInRange(1, _file.Sections.Count);
        Relocated.Add(relocation.Address).ShouldBeTrue();
        var place = Bytes.AsSpan(relocation.Address, 8);
        var stored = BinaryPrimitives.ReadUInt64LittleEndian(place);
        var section = _file.Sections[relocation.Number - 1];
        stored.ShouldBeInRange(section.Address, section.Address + section.Size, $"0x{relocation.Address:x} points into another section than it says");
        BinaryPrimitives.WriteUInt64LittleEndian(place, stored + Address);
    }

    private void Bind(Relocation relocation)
    {
        relocation.IsExternal.ShouldBeTrue();
        var symbol = _file.Symbols[relocation.Number];
        symbol.IsUndefined.ShouldBeTrue();
        (symbol.Description & 0xFF00).ShouldBe(0xFE00);
        Relocated.Add(relocation.Address).ShouldBeTrue();
        var name = _file.NameOf(symbol);
        var target = _kernel.TryGetValue(name, out var found) ? found
            : symbol.IsWeakReference ? _kernel["_gOSKextUnresolved"]
            : throw new InvalidOperationException($"unresolved: {name}");
        var place = Bytes.AsSpan(relocation.Address);
        if (relocation is { Type: RelocationType.Unsigned, Length: 3, IsPcRelative: false })
        {
            BinaryPrimitives.WriteUInt64LittleEndian(place, BinaryPrimitives.ReadUInt64LittleEndian(place) + target);
            return;
        }

        (relocation.Type, relocation.Length, relocation.IsPcRelative).ShouldBe((RelocationType.Branch, 2, true));
        var end = Address + (ulong)relocation.Address + 4;
        BinaryPrimitives.WriteInt32LittleEndian(place, checked((int)(unchecked((long)(target - end)) + BinaryPrimitives.ReadInt32LittleEndian(place))));
    }
}
