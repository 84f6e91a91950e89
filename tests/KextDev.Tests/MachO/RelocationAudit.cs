using System.Buffers.Binary;
using System.Text;
using KextDev.MachO;

namespace KextDev.Tests.MachO;

/// <summary>
/// Recomputes every relocation of every object from the object alone and the addresses of symbols in the loaded image, and compares; what no
/// relocation covers must be the object's own bytes. Knows nothing of how the linker works: where a section went is told by its symbols.
/// </summary>
internal sealed class RelocationAudit(MachOFile kext, LoadedImage image, IReadOnlyDictionary<string, ulong> kernel)
{
    private readonly Dictionary<string, ulong> _exported = kext.Symbols.ToArray()
        .Where(symbol => symbol.IsExternal && symbol.IsDefinedInSection)
        .ToDictionary(kext.NameOf, symbol => image.Address + symbol.Value, StringComparer.Ordinal);

    private readonly ILookup<string, ulong> _private = kext.Symbols.ToArray()
        .Where(symbol => !symbol.IsExternal && symbol.IsDefinedInSection)
        .ToLookup(kext.NameOf, symbol => image.Address + symbol.Value, StringComparer.Ordinal);

    private readonly HashSet<int> _explained = [];

    public int Checked { get; private set; }

    public Dictionary<RelocationType, int> Kinds { get; } = [];

    public void Check(MachOFile file, string name)
    {
        var places = Places(file, name);
        for (var index = 0; index < file.Sections.Count; index++)
        {
            var section = file.Sections[index];
            if (section.IsDebug || section.Segment == "__LD" || section.Content.IsEmpty || places[index] is not { } place)
            {
                continue;
            }

            ((place - image.Address) % (1ul << (int)section.Alignment)).ShouldBe(0ul, $"{name} {section}");
            var loaded = image.Bytes.AsSpan((int)(place - image.Address), (int)section.Size);
            var expected = section.Content.ToArray();
            CheckSection(file, places, section, place, loaded, expected, $"{name} {section}");
            loaded.SequenceEqual(expected).ShouldBeTrue($"{name} {section}: bytes that no relocation covers");
        }
    }

    /// <summary>Every place that the kernel's linker changed was asked for by an object, or is a slot of the GOT.</summary>
    public void CheckNothingElseWasRelocated()
    {
        var got = kext.Sections.Single(section => section.Name == "__got");
        image.Relocated.Except(_explained)
            .Where(place => (ulong)place < got.Address || (ulong)place >= got.Address + got.Size)
            .ShouldBeEmpty();
    }

    // Where each section starts in the image; null without a symbol (literals, reached through what points at them).
    private ulong?[] Places(MachOFile file, string name)
    {
        var places = new ulong?[file.Sections.Count];
        foreach (var symbol in file.Symbols.ToArray().Where(symbol => symbol is { IsDefinedInSection: true, IsWeakDefinition: false } && !file.Sections[symbol.Section - 1].IsDebug))
        {
            if (AddressOf(file, symbol) is { } address)
            {
                var place = address - (symbol.Value - file.Sections[symbol.Section - 1].Address);
                (places[symbol.Section - 1] ??= place).ShouldBe(place, $"{name}: {file.NameOf(symbol)}");
            }
        }

        return places;
    }

    private ulong? AddressOf(MachOFile file, Symbol symbol)
    {
        var symbolName = file.NameOf(symbol);
        if (symbol.IsExternal && _exported.TryGetValue(symbolName, out var address))
        {
            return address;
        }

        return symbol.IsUndefined && kernel.TryGetValue(symbolName, out address) ? address : _private[symbolName] is var found && found.Any() ? found.Single() : null;
    }

    private void CheckSection(MachOFile file, ulong?[] places, Section section, ulong place, ReadOnlySpan<byte> loaded, byte[] expected, string what)
    {
        var relocations = section.Relocations;
        for (var index = 0; index < relocations.Length; index++)
        {
            var relocation = relocations[index];
            var at = relocation.Address;
            var size = 1 << relocation.Length;
            var stored = size == 8 ? BinaryPrimitives.ReadInt64LittleEndian(expected.AsSpan(at)) : BinaryPrimitives.ReadInt32LittleEndian(expected.AsSpan(at));
            var actual = size == 8 ? BinaryPrimitives.ReadInt64LittleEndian(loaded[at..]) : BinaryPrimitives.ReadInt32LittleEndian(loaded[at..]);
            var end = place + (ulong)at + 4;
            var reached = end + (ulong)actual;
            var where = $"{what}+0x{at:x} {relocation.Type}";
            var isOurs = true;
            switch (relocation.Type)
            {
                case RelocationType.Unsigned when relocation.IsExternal:
                    ((ulong)actual).ShouldBe(Target(file, relocation) + (ulong)stored, where);
                    break;
                case RelocationType.Unsigned:
                    CheckSectionTarget(file, places, relocation, (ulong)stored, (ulong)actual, where);
                    break;
                case RelocationType.Subtractor:
                    var minuend = relocations[++index];
                    (relocation.IsExternal && minuend.IsExternal).ShouldBeTrue(where);
                    actual.ShouldBe((long)(Target(file, minuend) - Target(file, relocation)) + stored, where);
                    isOurs = false;
                    break;
                case RelocationType.GotLoad when loaded[at - 2] == 0x8D:
                    expected[at - 2].ShouldBe((byte)0x8B, where);
                    expected[at - 2] = 0x8D;
                    reached.ShouldBe(Target(file, relocation), where);
                    break;
                case RelocationType.GotLoad or RelocationType.Got:
                    // A compare's slot lies before the end of the instruction: the addend says how far.
                    var slot = (int)(reached - (ulong)stored - image.Address);
                    BinaryPrimitives.ReadUInt64LittleEndian(image.Bytes.AsSpan(slot)).ShouldBe(Target(file, relocation), where);
                    break;
                default:
                    if (relocation.IsExternal)
                    {
                        reached.ShouldBe(Target(file, relocation) + (ulong)stored, where);
                    }
                    else
                    {
                        CheckSectionTarget(file, places, relocation, section.Address + (ulong)(at + 4) + (ulong)stored + Trailing(relocation.Type), reached + Trailing(relocation.Type), where);
                    }

                    break;
            }

            if (isOurs)
            {
                _explained.Add((int)(place - image.Address) + at);
            }

            loaded.Slice(at, size).CopyTo(expected.AsSpan(at));
            Kinds[relocation.Type] = Kinds.GetValueOrDefault(relocation.Type) + 1;
            Checked++;
        }
    }

    // Bytes of the instruction after the displacement.
    private static ulong Trailing(RelocationType type) => type switch
    {
        RelocationType.Signed1 => 1,
        RelocationType.Signed2 => 2,
        RelocationType.Signed4 => 4,
        _ => 0,
    };

    private ulong Target(MachOFile file, Relocation relocation) =>
        AddressOf(file, file.Symbols[relocation.Number]) ?? throw new InvalidOperationException($"nothing defines {file.NameOf(file.Symbols[relocation.Number])}");

    private void CheckSectionTarget(MachOFile file, ulong?[] places, Relocation relocation, ulong before, ulong after, string where)
    {
        var target = file.Sections[relocation.Number - 1];
        if (places[relocation.Number - 1] is { } place)
        {
            after.ShouldBe(place + (before - target.Address), where);
            return;
        }

        // Literals: the same text.
        var text = target.Content.Span[(int)(before - target.Address)..];
        image.Text(after).ShouldBe(Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]), where);
    }
}
