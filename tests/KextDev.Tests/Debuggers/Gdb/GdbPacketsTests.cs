using System.Text;
using KextDev.Debuggers.Gdb;

namespace KextDev.Tests.Debuggers.Gdb;

public sealed class GdbPacketsTests
{
    [Fact]
    public void Packets_and_what_is_between_them_are_told_apart()
    {
        var pieces = new GdbPackets().Take("+$qC#b4\u0003-$k#6b"u8);

        pieces.Select(piece => (Encoding.ASCII.GetString(piece.Bytes), piece.IsPacket)).ShouldBe([("+", false), ("$qC#b4", true), ("\u0003", false), ("-", false), ("$k#6b", true)]);
        pieces[^1].Kills.ShouldBeTrue();
        pieces[1].Kills.ShouldBeFalse();
    }

    [Fact]
    public void Bytes_come_out_as_they_went_in_however_they_are_cut()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            // Mostly the bytes that mean something.
            var bytes = Enumerable.Range(0, 300).Select(_ => random.Next(3) == 0 ? (byte)random.Next(256) : "$#+k\u0003c"u8.ToArray()[random.Next(6)]).ToArray();
            var packets = new GdbPackets();
            var pieces = new List<GdbPiece>();
            for (var at = 0; at < bytes.Length;)
            {
                var count = Math.Min(random.Next(1, 40), bytes.Length - at);
                pieces.AddRange(packets.Take(bytes.AsSpan(at, count)));
                at += count;
            }

            var whole = pieces.SelectMany(piece => piece.Bytes).ToArray();
            bytes[..whole.Length].ShouldBe(whole);
            pieces.Where(piece => piece.IsPacket).Select(piece => $"{(char)piece.Bytes[0]}{(char)piece.Bytes[^3]}").ShouldAllBe(frame => frame == "$#");
        }
    }

    [Fact]
    public void A_packet_without_an_end_is_passed_on_before_it_fills_the_memory()
    {
        var packets = new GdbPackets();
        var endless = new byte[3 << 20];
        Array.Fill(endless, (byte)'a');
        endless[0] = (byte)'$';

        packets.Take(endless).Sum(piece => piece.Bytes.Length).ShouldBe(endless.Length);
    }

    [Theory]
    [InlineData("c", true, false)]
    [InlineData("vCont;c:p1.-1", true, false)]
    [InlineData("vCont?", false, false)]
    [InlineData("D;0000000000000001", false, false)]
    [InlineData("vKill;1", false, true)]
    [InlineData("k", false, true)]
    [InlineData("kernel", false, false)]
    public void What_a_packet_asks_for_is_known(string body, bool resumes, bool kills)
    {
        var piece = GdbPiece.Packet(body);

        piece.Resumes.ShouldBe(resumes);
        piece.Kills.ShouldBe(kills);
        new GdbPackets().Take(piece.Bytes).ShouldHaveSingleItem().IsPacket.ShouldBeTrue();
    }

    [Fact]
    public void A_checksum_is_the_sum_of_the_bodys_bytes() => Encoding.ASCII.GetString(GdbPiece.Packet("D").Bytes).ShouldBe("$D#44");
}
