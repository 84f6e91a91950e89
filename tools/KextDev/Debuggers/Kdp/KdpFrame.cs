namespace KextDev.Debuggers.Kdp;

/// <summary>
/// Frames of Ethernet in a serial line that may carry a console's text as well, as osfmk/kdp/kdp_serial.c of XNU has them.
/// <code>FA, CRC-32 of the frame (4 bytes, little-endian), FA, the frame, FB</code>
/// In the CRC and the frame FA, FB, FE and the line feed stand as FE and their complement.
/// </summary>
internal static class KdpFrame
{
    /// <summary>As large as a kernel's buffer for one.</summary>
    public const int MaxSize = 1518;

    internal const byte Start = 0xfa, End = 0xfb, Escape = 0xfe;

    private const uint Polynomial = 0xedb88320;

    public static byte[] Encode(ReadOnlySpan<byte> frame)
    {
        var bytes = new List<byte>(frame.Length + 16) { Start };
        var sum = Checksum(frame);
        for (var shift = 0; shift < 32; shift += 8)
        {
            Put(bytes, (byte)(sum >> shift));
        }

        bytes.Add(Start);
        foreach (var value in frame)
        {
            Put(bytes, value);
        }

        bytes.Add(End);
        return [.. bytes];
    }

    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var value in bytes)
        {
            sum ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) != 0 ? Polynomial : 0);
            }
        }

        return ~sum;
    }

    private static void Put(List<byte> bytes, byte value)
    {
        if (value is Start or End or Escape or (byte)'\n')
        {
            bytes.Add(Escape);
            value = (byte)~value;
        }

        bytes.Add(value);
    }
}
