using KextDev.Debuggers.Kdp;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>A serial line byte by byte, as XNU has it; what is expected was made by zlib's CRC-32 and by hand.</summary>
public sealed class KdpFrameTests
{
    private const string Connection =
        "73657269616c64656275677308004500002c000000003c11a4f5bfbaadabbebaadaba0b4a0b30018000000001000887766faa0b4a0b461626300";

    private const string ConnectionPacket = "00001000887766faa0b4a0b461626300";

    private const string Reply = "64656275677373657269616c080045000028000000003c11a4f9bebaadabbfbaadaba0b3a0b40014000080000c00887766fa00000000";

    [Theory]
    [InlineData("01fafbfe0a02", "fa207cc682fa01fe05fe04fe01fef502fb")]
    [InlineData("000a", "fae1fe040ca1fa00fef5fb")]
    [InlineData(Connection, "fa001d209dfa73657269616c64656275677308004500002c000000003c11a4f5bfbaadabbebaadaba0b4a0b30018000000001000887766fe05a0b4a0b461626300fb")]
    public void A_frame_stands_between_marks_with_its_checksum_before_it(string frame, string line)
    {
        Convert.ToHexStringLower(KdpFrame.Encode(Convert.FromHexString(frame))).ShouldBe(line);
        FramesIn(line).ShouldBe([frame]);
    }

    [Theory]
    [InlineData("fa000afb", "000a")] // Without a checksum, as older debuggers send it.
    [InlineData("fa0000000cfafe05fb", "")] // Another checksum than its own.
    [InlineData("fae1fe040ca1fa00fef5fb", "000a")]
    [InlineData("fae1fe040ca1fa00fa207cc682fa01fe05fe04fe01fef502fb", "01fafbfe0a02")] // The first is cut.
    [InlineData("fae1fe04fae1fe040ca1fa00fef5fb", "000a")] // Its checksum is cut.
    [InlineData("fae1fe040ca1fa00fefbfae1fe040ca1fa00fef5fb", "000a")] // Cut within an escape.
    [InlineData("00fbfe05fb0a70616e69630afae1fe040ca1fa00fef5fb0a666b", "000a")] // A console's text around it.
    [InlineData("fb", "")]
    [InlineData("fefa01fb", "01")]
    public void What_is_no_frame_of_its_checksum_is_passed_over(string line, string frames) => string.Join(' ', FramesIn(line)).ShouldBe(frames);

    [Fact]
    public void A_frame_that_never_ends_takes_no_more_room_than_one_that_does()
    {
        var longest = new byte[KdpFrame.MaxSize];
        byte[] line = [.. KdpFrame.Encode(longest), .. KdpFrame.Encode(new byte[KdpFrame.MaxSize + 1]), 0xfa, .. new byte[100000], .. KdpFrame.Encode([7])];

        FramesIn(Convert.ToHexStringLower(line)).ShouldBe([Convert.ToHexStringLower(longest), "07"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_comes_between_them_frames_are_found(int seed)
    {
        var random = new Random(seed);
        var line = new List<byte>();
        var sent = new List<string>();
        for (var i = 0; i < 200; i++)
        {
            var noise = new byte[random.Next(40)];
            random.NextBytes(noise);

            // Noise that is a whole frame itself would be found, too.
            line.AddRange(noise.Where(value => value != 0xfb));
            var frame = new byte[random.Next(1, 60)];
            random.NextBytes(frame);
            sent.Add(Convert.ToHexStringLower(frame));
            line.AddRange(KdpFrame.Encode(frame));
        }

        FramesIn(Convert.ToHexStringLower([.. line])).ShouldBe(sent);
    }

    [Fact]
    public void A_packet_travels_in_Ethernet_IPv4_and_UDP()
    {
        Convert.ToHexStringLower(KdpEnvelope.Wrap(Convert.FromHexString(ConnectionPacket), 41140)).ShouldBe(Connection);
        Convert.ToHexStringLower(KdpEnvelope.Unwrap(Convert.FromHexString(Reply), 41140)!).ShouldBe("80000c00887766fa00000000");
        Convert.ToHexStringLower(KdpEnvelope.Unwrap(Convert.FromHexString(Reply + "0000"), 41140)!).ShouldBe("80000c00887766fa00000000");
    }

    [Theory]
    [InlineData(12, 0x06)] // ARP
    [InlineData(14, 0x46)] // IPv4 with options
    [InlineData(14, 0x65)]
    [InlineData(20, 0x20)] // a fragment
    [InlineData(21, 0x01)]
    [InlineData(23, 0x06)] // TCP
    [InlineData(37, 0x00)] // another port
    [InlineData(38, 0xff)] // longer than it is
    [InlineData(39, 0x07)] // shorter than its header
    public void A_frame_that_carries_something_else_is_none(int offset, byte value)
    {
        var frame = Convert.FromHexString(Reply);
        frame[offset] = value;

        KdpEnvelope.Unwrap(frame, 41140).ShouldBeNull();
    }

    [Fact]
    public void A_frame_that_is_cut_is_none()
    {
        var frame = Convert.FromHexString(Reply);
        for (var length = 0; length < frame.Length; length++)
        {
            KdpEnvelope.Unwrap(frame.AsSpan(0, length), 41140).ShouldBeNull();
        }
    }

    private static List<string> FramesIn(string line)
    {
        var reader = new KdpFrameReader();
        var frames = new List<string>();
        foreach (var value in Convert.FromHexString(line))
        {
            if (reader.Read(value) is { } frame)
            {
                frames.Add(Convert.ToHexStringLower(frame.Span));
            }
        }

        return frames;
    }
}
