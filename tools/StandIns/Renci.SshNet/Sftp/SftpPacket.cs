using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Renci.SshNet.Common;

namespace Renci.SshNet.Sftp;

/// <summary>Types of the SFTP packets that are used here, version 3 (draft-ietf-secsh-filexfer-02).</summary>
internal enum SftpType : byte
{
    Init = 1,
    Version = 2,
    Open = 3,
    Close = 4,
    Read = 5,
    Status = 101,
    Handle = 102,
    Data = 103,
}

/// <summary>A packet under construction: uint32 length, byte type, fields. Integers are big-endian, strings are counted.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A stream in memory holds nothing to dispose.")]
internal sealed class SftpPacketWriter
{
    private readonly MemoryStream _bytes = new();

    public SftpPacketWriter(SftpType type)
    {
        UInt32(0);
        _bytes.WriteByte((byte)type);
    }

    public SftpPacketWriter UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public SftpPacketWriter UInt64(ulong value) => UInt32((uint)(value >> 32)).UInt32((uint)value);

    public SftpPacketWriter String(string value) => String(Encoding.UTF8.GetBytes(value));

    public SftpPacketWriter String(ReadOnlySpan<byte> value)
    {
        UInt32((uint)value.Length);
        _bytes.Write(value);
        return this;
    }

    public ReadOnlySpan<byte> Finish()
    {
        var bytes = _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(bytes.Length - sizeof(uint)));
        return bytes;
    }
}

/// <summary>A packet that came from the server: hostile input, every length is checked.</summary>
internal sealed class SftpPacketReader(byte[] content)
{
    // The draft's servers answer with at most 34,000 bytes; ours may send what we asked for and some more.
    private const int MaxLength = 256 * 1024;
    private int _position = 1;

    public SftpType Type => (SftpType)content[0];

    /// <exception cref="EndOfStreamException">The stream ended.</exception>
    public static SftpPacketReader ReadFrom(Stream stream)
    {
        Span<byte> prefix = stackalloc byte[4];
        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix);
        if (length is 0 or > MaxLength)
        {
            throw new SshException($"The server sent an SFTP packet of {length} bytes; between 1 and {MaxLength} are possible.");
        }

        var content = new byte[length];
        stream.ReadExactly(content);
        return new SftpPacketReader(content);
    }

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    public ReadOnlySpan<byte> Bytes() => Take(UInt32());

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > content.Length - _position)
        {
            throw new SshException("The server sent an SFTP packet that is cut short.");
        }

        var taken = content.AsSpan(_position, (int)count);
        _position += (int)count;
        return taken;
    }
}
