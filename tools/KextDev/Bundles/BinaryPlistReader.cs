using System.Buffers.Binary;
using System.Text;

namespace KextDev.Bundles;

/// <summary>
/// Binary property lists (bplist00): header, objects, table of the objects' offsets, 32-byte trailer; numbers are big-endian.
/// Every offset and count is checked before use; an object that holds itself is refused.
/// </summary>
internal sealed class BinaryPlistReader(ReadOnlyMemory<byte> bytes)
{
    private const int HeaderSize = 8;
    private const int TrailerSize = 32;

    // Seconds from 2001-01-01 UTC, the epoch of Apple's dates.
    private static readonly DateTimeOffset Epoch = new(2001, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<ulong, PlistValue> leaves = [];
    private readonly HashSet<ulong> open = [];
    private int offsetSize;
    private int referenceSize;
    private ulong objectCount;
    private int tableOffset;
    private int valueCount;

    private ReadOnlySpan<byte> Span => bytes.Span;

    public PlistValue Read()
    {
        if (Span.Length < HeaderSize + TrailerSize)
        {
            throw Refusal("PL1201", Span.Length, "too short for a binary property list");
        }

        if (!Span.StartsWith("bplist00"u8))
        {
            throw Refusal("PL1202", 6, "a version of binary property lists that is not read (00 is)");
        }

        var trailerOffset = Span.Length - TrailerSize;
        var trailer = Span[trailerOffset..];
        offsetSize = trailer[6];
        referenceSize = trailer[7];
        objectCount = BinaryPrimitives.ReadUInt64BigEndian(trailer[8..]);
        var top = BinaryPrimitives.ReadUInt64BigEndian(trailer[16..]);
        var table = BinaryPrimitives.ReadUInt64BigEndian(trailer[24..]);
        if (offsetSize is < 1 or > 8 || referenceSize is < 1 or > 8)
        {
            throw Refusal("PL1203", trailerOffset + 6, $"offsets of {offsetSize}, references of {referenceSize} bytes; 1 to 8 are possible");
        }

        if (table < HeaderSize || table > (ulong)trailerOffset || objectCount > ((ulong)trailerOffset - table) / (ulong)offsetSize)
        {
            throw Refusal("PL1204", trailerOffset + 8, $"the table of {objectCount} offsets at 0x{table:x} does not fit in the file");
        }

        tableOffset = (int)table;
        return ReadObject(top, trailerOffset + 16, depth: 0);
    }

    private PlistValue ReadObject(ulong reference, int referredFrom, int depth)
    {
        if (reference >= objectCount)
        {
            throw Refusal("PL1205", referredFrom, $"reference to object {reference} of {objectCount}");
        }

        if (++valueCount > PlistReader.MostValues)
        {
            throw Refusal("PL1002", referredFrom, $"more than {PlistReader.MostValues} values");
        }

        if (depth > PlistReader.DeepestNesting)
        {
            throw Refusal("PL1003", referredFrom, $"nested deeper than {PlistReader.DeepestNesting} levels");
        }

        if (leaves.TryGetValue(reference, out var known))
        {
            return known;
        }

        var entry = tableOffset + ((int)reference * offsetSize);
        var offset64 = ReadNumber(Span.Slice(entry, offsetSize));
        if (offset64 < HeaderSize || offset64 >= (ulong)tableOffset)
        {
            throw Refusal("PL1206", entry, $"object {reference} at 0x{offset64:x} lies outside the objects");
        }

        var offset = (int)offset64;
        var marker = Span[offset];
        if (marker >> 4 is 0xA or 0xC or 0xD)
        {
            if (!open.Add(reference))
            {
                throw Refusal("PL1207", offset, $"object {reference} holds itself");
            }

            PlistValue container = marker >> 4 == 0xD ? ReadDictionary(offset, depth) : ReadArray(offset, depth);
            open.Remove(reference);
            return container;
        }

        var leaf = ReadLeaf(offset, marker);
        leaves.Add(reference, leaf);
        return leaf;
    }

    private PlistValue ReadLeaf(int offset, byte marker)
    {
        switch (marker)
        {
            case 0x08: return new PlistFlag(false);
            case 0x09: return new PlistFlag(true);
            case 0x10 or 0x11 or 0x12: return new PlistInteger(ReadNumber(Content(offset + 1, 1UL << (marker & 0xF), 1)));
            case 0x13: return new PlistInteger(BinaryPrimitives.ReadInt64BigEndian(Content(offset + 1, 8, 1)));
            case 0x14: return ReadWideInteger(offset);
            case 0x22: return new PlistReal(BinaryPrimitives.ReadSingleBigEndian(Content(offset + 1, 4, 1)));
            case 0x23: return new PlistReal(BinaryPrimitives.ReadDoubleBigEndian(Content(offset + 1, 8, 1)));
            case 0x33: return ReadDate(offset);
        }

        switch (marker >> 4)
        {
            case 0x4:
                return new PlistData(Counted(offset, 1).ToArray());
            case 0x5:
                var text = Counted(offset, 1);
                return Ascii.IsValid(text)
                    ? new PlistText(Encoding.ASCII.GetString(text))
                    : throw Refusal("PL1209", offset, "a string marked as ASCII holds other bytes");
            case 0x6:
                return new PlistText(Encoding.BigEndianUnicode.GetString(Counted(offset, 2)));
            case 0x8 when (marker & 0xF) < 8:
                return new PlistUid(ReadNumber(Content(offset + 1, (ulong)(marker & 0xF) + 1, 1)));
            default:
                throw Refusal("PL1210", offset, $"object of unknown kind 0x{marker:x2}");
        }
    }

    private PlistInteger ReadWideInteger(int offset)
    {
        var value = BinaryPrimitives.ReadInt128BigEndian(Content(offset + 1, 16, 1));
        return value >= long.MinValue && value <= ulong.MaxValue
            ? new PlistInteger(value)
            : throw Refusal("PL1211", offset, "an integer of more than 64 bits");
    }

    private PlistDate ReadDate(int offset)
    {
        var seconds = BinaryPrimitives.ReadDoubleBigEndian(Content(offset + 1, 8, 1));
        // 63,113,904,000 s are 2,000 years: the range in which calendars agree.
        return Math.Abs(seconds) <= 63_113_904_000
            ? new PlistDate(Epoch.AddSeconds(seconds))
            : throw Refusal("PL1212", offset, "a date more than 2,000 years from 2001");
    }

    private PlistArray ReadArray(int offset, int depth)
    {
        var (start, count) = CountAt(offset);
        var references = Content(start, count, referenceSize);
        var items = new List<PlistValue>();
        for (var i = 0; i < (int)count; i++)
        {
            items.Add(ReadObject(ReadNumber(references.Slice(i * referenceSize, referenceSize)), start + (i * referenceSize), depth + 1));
        }

        return new PlistArray(items);
    }

    private PlistDict ReadDictionary(int offset, int depth)
    {
        var (start, count) = CountAt(offset);
        var references = Content(start, count, 2 * referenceSize);
        var entries = new OrderedDictionary<string, PlistValue>(StringComparer.Ordinal);
        for (var i = 0; i < (int)count; i++)
        {
            var at = i * referenceSize;
            var valueAt = at + ((int)count * referenceSize);
            if (ReadObject(ReadNumber(references.Slice(at, referenceSize)), start + at, depth + 1) is not PlistText(var key))
            {
                throw Refusal("PL1213", start + at, "a dictionary's key is no string");
            }

            if (!entries.TryAdd(key, ReadObject(ReadNumber(references.Slice(valueAt, referenceSize)), start + valueAt, depth + 1)))
            {
                throw Refusal("PL1004", start + at, "a key appears twice in one dictionary");
            }
        }

        return new PlistDict(entries);
    }

    private ReadOnlySpan<byte> Counted(int offset, int unit)
    {
        var (start, count) = CountAt(offset);
        return Content(start, count, unit);
    }

    /// <summary>The count in the marker's low half, or, where that is 15, in the integer that follows.</summary>
    private (int Start, ulong Count) CountAt(int offset)
    {
        var count = Span[offset] & 0xF;
        if (count != 0xF)
        {
            return (offset + 1, (ulong)count);
        }

        var marker = Content(offset + 1, 1, 1)[0];
        if (marker is < 0x10 or > 0x13)
        {
            throw Refusal("PL1214", offset + 1, "a length is no integer");
        }

        var size = 1 << (marker & 0xF);
        return (offset + 2 + size, ReadNumber(Content(offset + 2, (ulong)size, 1)));
    }

    private ReadOnlySpan<byte> Content(int start, ulong count, int unit)
    {
        var room = (ulong)Math.Max(0, tableOffset - start);
        return count <= room / (ulong)unit
            ? Span.Slice(start, (int)count * unit)
            : throw Refusal("PL1208", start, $"an object of {count} x {unit} bytes reaches beyond the objects");
    }

    private static ulong ReadNumber(ReadOnlySpan<byte> number)
    {
        var value = 0UL;
        foreach (var digit in number)
        {
            value = (value << 8) | digit;
        }

        return value;
    }

    private static PlistException Refusal(string code, int offset, string message) => new(code, $"0x{offset:x}", message);
}
