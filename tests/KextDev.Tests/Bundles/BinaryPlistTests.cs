using System.Buffers.Binary;
using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

public sealed class BinaryPlistTests
{
    [Fact]
    public void Reads_every_kind_of_value()
    {
        // Object 0 is an array of the twelve that follow.
        byte[][] leaves =
        [
            [0x08], [0x09],
            [0x10, 0xFF], [0x11, 0x01, 0x00], [0x13, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE],
            [0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x23, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0],
            [0x33, 0x40, 0x59, 0, 0, 0, 0, 0, 0],
            [0x43, 1, 2, 3],
            [0x52, (byte)'h', (byte)'i'],
            [0x62, 0x00, 0xFC, 0x20, 0xAC],
            [0x80, 7],
        ];
        var list = Build([[0xAC, .. Enumerable.Range(1, 12).Select(i => (byte)i)], .. leaves]);
        var items = PlistReader.Read(list, "a").Value.ShouldBeOfType<PlistArray>().Items;
        items[0].ShouldBe(new PlistFlag(false));
        items[1].ShouldBe(new PlistFlag(true));
        items[2].ShouldBe(new PlistInteger(255));
        items[3].ShouldBe(new PlistInteger(256));
        items[4].ShouldBe(new PlistInteger(-2));
        items[5].ShouldBe(new PlistInteger(ulong.MaxValue));
        items[6].ShouldBe(new PlistReal(1.5));
        items[7].ShouldBe(new PlistDate(new DateTimeOffset(2001, 1, 1, 0, 1, 40, TimeSpan.Zero)));
        ((PlistData)items[8]).Bytes.ToArray().ShouldBe([1, 2, 3]);
        items[9].ShouldBe(new PlistText("hi"));
        items[10].ShouldBe(new PlistText("ü€"));
        items[11].ShouldBe(new PlistUid(7));
    }

    [Fact]
    public void Reads_a_dictionary_and_a_length_of_its_own_object()
    {
        var name = Enumerable.Repeat((byte)'n', 20).ToArray();
        var list = Build([[0xD1, 1, 2], [0x51, (byte)'k'], [0x5F, 0x10, 20, .. name]]);
        PlistReader.Read(list, "a").Value.ShouldBeOfType<PlistDict>().TextOf("k").ShouldBe(new string('n', 20));
    }

    [Fact]
    public void Refuses_an_object_that_holds_itself() => Refusal(Build([[0xA1, 1], [0xA1, 0]])).ShouldBe("PL1207");

    [Fact]
    public void Refuses_a_small_file_that_unfolds_to_billions_of_values()
    {
        // Each of ten arrays holds the next ten times.
        var levels = Enumerable.Range(1, 10).Select(next => (byte[])[0xAA, .. Enumerable.Repeat((byte)next, 10)]);
        Refusal(Build([.. levels, [0x09]])).ShouldBe("PL1002");
    }

    [Fact]
    public void Refuses_deep_nesting() =>
        Refusal(Build([.. Enumerable.Range(1, 200).Select(next => (byte[])[0xA1, (byte)next]), [0x09]])).ShouldBe("PL1003");

    [Theory]
    [InlineData("PL1205", new byte[] { 0xA1, 9 })]
    [InlineData("PL1208", new byte[] { 0x5F, 0x13, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData("PL1208", new byte[] { 0xAF, 0x13, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData("PL1208", new byte[] { 0x6E, 0, 1 })]
    [InlineData("PL1208", new byte[] { 0x13, 0 })]
    [InlineData("PL1209", new byte[] { 0x51, 0xFF })]
    [InlineData("PL1210", new byte[] { 0x70 })]
    [InlineData("PL1210", new byte[] { 0x00 })]
    [InlineData("PL1211", new byte[] { 0x14, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData("PL1212", new byte[] { 0x33, 0x7F, 0xF8, 0, 0, 0, 0, 0, 0 })]
    [InlineData("PL1213", new byte[] { 0xD1, 1, 1 })]
    [InlineData("PL1214", new byte[] { 0x5F, 0x51 })]
    public void Refuses_malformed_objects(string code, byte[] top) => Refusal(Build([top, [0x09]])).ShouldBe(code);

    [Fact]
    public void Refuses_a_key_that_appears_twice() =>
        Refusal(Build([[0xD2, 1, 1, 2, 2], [0x51, (byte)'k'], [0x09]])).ShouldBe("PL1004");

    [Fact]
    public void Refuses_broken_trailers()
    {
        var sound = Build([[0x09]]);
        PlistReader.Read(sound, "a").Value.ShouldBe(new PlistFlag(true));
        Refusal(sound[..20]).ShouldBe("PL1201");
        Refusal(Changed(6, (byte)'1')).ShouldBe("PL1202");
        Refusal(Changed(sound.Length - 26, 0)).ShouldBe("PL1203");
        Refusal(Changed(sound.Length - 25, 9)).ShouldBe("PL1203");
        Refusal(Changed(sound.Length - 24, 0x80)).ShouldBe("PL1204");
        Refusal(Changed(sound.Length - 8, 0xFF)).ShouldBe("PL1204");
        Refusal(Changed(sound.Length - 9, 5)).ShouldBe("PL1205");
        Refusal(Changed(9, 0)).ShouldBe("PL1206");

        byte[] Changed(int at, byte value)
        {
            var changed = sound.ToArray();
            changed[at] = value;
            return changed;
        }
    }

    [Fact]
    public void Names_the_offset_of_a_mistake() =>
        PlistReader.Read(Build([[0xA1, 1], [0x70]]), "Info.plist").Findings.ShouldHaveSingleItem().Where.ShouldBe("Info.plist:0xa");

    [Fact]
    public void Survives_seeded_mutations() => PlistMutations.Survive(Build(
    [
        [0xD2, 1, 2, 3, 4], [0x51, (byte)'a'], [0x51, (byte)'b'], [0xA3, 5, 6, 7], [0x62, 0, 0xFC, 0, 0x41],
        [0x23, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0], [0x42, 1, 2], [0x33, 0x40, 0x59, 0, 0, 0, 0, 0, 0],
    ]));

    /// <summary>A list of these objects, the first on top, with references of one byte, offsets of one or two.</summary>
    private static byte[] Build(byte[][] objects)
    {
        var bytes = new List<byte>("bplist00"u8.ToArray());
        var offsets = new List<int>();
        foreach (var item in objects)
        {
            offsets.Add(bytes.Count);
            bytes.AddRange(item);
        }

        var table = bytes.Count;
        foreach (var offset in offsets)
        {
            bytes.AddRange(table > 255 ? [(byte)(offset >> 8), (byte)offset] : [(byte)offset]);
        }

        var trailer = new byte[32];
        trailer[6] = (byte)(table > 255 ? 2 : 1);
        trailer[7] = 1;
        BinaryPrimitives.WriteInt64BigEndian(trailer.AsSpan(8), objects.Length);
        BinaryPrimitives.WriteInt64BigEndian(trailer.AsSpan(24), table);
        return [.. bytes, .. trailer];
    }

    private static string Refusal(byte[] list)
    {
        var reading = PlistReader.Read(list, "a");
        reading.Value.ShouldBeNull();
        return reading.Findings.ShouldHaveSingleItem().Code;
    }
}
