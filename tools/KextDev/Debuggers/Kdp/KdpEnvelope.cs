using System.Buffers.Binary;

namespace KextDev.Debuggers.Kdp;

/// <summary>A packet of KDP within a frame of Ethernet, IPv4 and UDP, as it travels on a serial line. Nobody routes it: the addresses are made up.</summary>
internal static class KdpEnvelope
{
    public const int Size = Ethernet + Ip + Udp;

    private const int Ethernet = 14, Ip = 20, Udp = 8;
    private const ushort TypeIp = 0x0800;
    private const byte Version = 0x45, Hops = 60, Protocol = 17;

    /// <summary>What XNU makes up for a serial line.</summary>
    private static readonly byte[] TargetAddress = [0xbe, 0xba, 0xad, 0xab];

    private static readonly byte[] OwnAddress = [0xbf, 0xba, 0xad, 0xab];

    /// <param name="port">The sender's.</param>
    public static byte[] Wrap(ReadOnlySpan<byte> packet, ushort port)
    {
        var frame = new byte[Size + packet.Length];
        "serial"u8.CopyTo(frame);
        "debugs"u8.CopyTo(frame.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), TypeIp);
        var ip = frame.AsSpan(Ethernet, Ip);
        ip[0] = Version;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(Ip + Udp + packet.Length));
        ip[8] = Hops;
        ip[9] = Protocol;
        OwnAddress.CopyTo(ip[12..]);
        TargetAddress.CopyTo(ip[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], HeaderSum(ip));
        var udp = frame.AsSpan(Ethernet + Ip, Udp);
        BinaryPrimitives.WriteUInt16BigEndian(udp, port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], KdpClient.TargetPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(Udp + packet.Length));
        packet.CopyTo(frame.AsSpan(Size));
        return frame;
    }

    /// <param name="port">The receiver's.</param>
    /// <returns>Null where the frame holds nothing from a kernel's debugger to that port, or less than it says.</returns>
    public static byte[]? Unwrap(ReadOnlySpan<byte> frame, ushort port)
    {
        if (frame.Length < Size || BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) != TypeIp)
        {
            return null;
        }

        var ip = frame[Ethernet..];
        var udp = ip[Ip..];
        var size = BinaryPrimitives.ReadUInt16BigEndian(udp[4..]);
        var isWhole = (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x3fff) == 0 && size >= Udp && size <= udp.Length;
        return ip[0] == Version && ip[9] == Protocol && isWhole && BinaryPrimitives.ReadUInt16BigEndian(udp[2..]) == port ? udp[Udp..size].ToArray() : null;
    }

    private static ushort HeaderSum(ReadOnlySpan<byte> header)
    {
        var sum = 0;
        for (var i = 0; i < header.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(header[i..]);
        }

        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~((sum & 0xffff) + (sum >> 16));
    }
}
