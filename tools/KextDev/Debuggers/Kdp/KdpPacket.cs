using System.Buffers.Binary;

namespace KextDev.Debuggers.Kdp;

/// <summary>
/// A datagram of KDP, version 12: eight bytes of header, then the body. All is little-endian but the two ports of a connection.
/// <code>0: request (7 bits), is_reply (bit 7) | 1: sequence | 2: u16 length with the header | 4: u32 session key | 8: body</code>
/// </summary>
/// <param name="Request">A number up to 127; whatever came, known or not.</param>
/// <param name="Key">Opaque: a reply has its request's.</param>
public sealed record KdpPacket(KdpRequest Request, bool IsReply, byte Sequence, uint Key, ReadOnlyMemory<byte> Body)
{
    public const int HeaderSize = 8;

    /// <summary>Of a packet with its header, as XNU takes and sends them.</summary>
    public const int MaxSize = 1200;

    /// <summary>Of what one request reads or writes, in bytes.</summary>
    public const int MaxData = 1024;

    private const byte ReplyBit = 0x80;

    public byte[] Encode()
    {
        var packet = new byte[HeaderSize + Body.Length];
        packet[0] = (byte)((int)Request | (IsReply ? ReplyBit : 0));
        packet[1] = Sequence;
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(2), checked((ushort)packet.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(4), Key);
        Body.CopyTo(packet.AsMemory(HeaderSize));
        return packet;
    }

    /// <returns>Null where it is no packet: too short, or of another length than it says.</returns>
    public static KdpPacket? Decode(ReadOnlyMemory<byte> datagram)
    {
        var bytes = datagram.Span;
        if (bytes.Length < HeaderSize || BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]) != bytes.Length)
        {
            return null;
        }

        return new KdpPacket(
            (KdpRequest)(bytes[0] & ~ReplyBit), (bytes[0] & ReplyBit) != 0, bytes[1], BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]), datagram[HeaderSize..]);
    }
}
