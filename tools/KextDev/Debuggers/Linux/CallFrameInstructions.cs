using System.Buffers.Binary;

namespace KextDev.Debuggers.Linux;

/// <summary>The bytes of one entry of .debug_frame.</summary>
internal sealed class CallFrameInstructions
{
    // DW_CFA_*
    private const byte Advance1 = 0x02, Advance2 = 0x03, Advance4 = 0x04, Advance = 0x40, Offset = 0x80;

    private readonly List<byte> _bytes = [];

    public void Byte(int value) => _bytes.Add((byte)value);

    public void Address(ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
    }

    public void Unsigned(uint value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            Byte((byte)(value | 0x80));
        }

        Byte((byte)value);
    }

    public void Signed(int value)
    {
        while (value is < -0x40 or > 0x3F)
        {
            Byte((value & 0x7F) | 0x80);
            value >>= 7;
        }

        Byte(value & 0x7F);
    }

    public void Rule(byte rule, int register)
    {
        Byte(rule);
        Unsigned((uint)register);
    }

    /// <summary>A register lies so many words below the frame.</summary>
    public void At(int register, int words)
    {
        Byte(Offset | register);
        Unsigned((uint)words);
    }

    public void Block(CallFrameInstructions block)
    {
        Unsigned((uint)block._bytes.Count);
        _bytes.AddRange(block._bytes);
    }

    public void AdvanceBy(ulong distance)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        switch (distance)
        {
            case < 0x40:
                Byte((byte)(Advance | distance));
                break;
            case <= byte.MaxValue:
                Byte(Advance1);
                Byte((byte)distance);
                break;
            case <= ushort.MaxValue:
                Byte(Advance2);
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)distance);
                _bytes.AddRange(bytes[..sizeof(ushort)]);
                break;
            default:
                Byte(Advance4);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)distance);
                _bytes.AddRange(bytes);
                break;
        }
    }

    /// <param name="before">Bytes of the entry that go before these.</param>
    public byte[] Padded(int alignment, int before)
    {
        while ((_bytes.Count + before) % alignment != 0)
        {
            Byte(0); // DW_CFA_nop
        }

        return [.. _bytes];
    }
}
