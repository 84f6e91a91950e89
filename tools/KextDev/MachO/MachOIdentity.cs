using System.Buffers.Binary;

namespace KextDev.MachO;

/// <summary>What says whether a Mach-O file belongs to another one. Only its first pages are read: debug information is large.</summary>
/// <param name="TextAddress">Where its segment __TEXT begins, as in the file.</param>
public sealed record MachOIdentity(Guid Uuid, ulong TextAddress)
{
    // A kernel's load commands take some 10 KiB.
    private const int MostBytes = 1 << 20;
    private const int FatHeaderSize = 4096;

    /// <summary>Of the file, or of its slice for x86_64.</summary>
    /// <returns>Null for what is no such file, is damaged, or has no UUID.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static MachOIdentity? Read(string path)
    {
        using var file = File.OpenRead(path);
        var offset = SliceOffset(ReadAt(file, 0, FatHeaderSize));
        return offset is { } start && start < file.Length ? ReadThin(ReadAt(file, start, MostBytes)) : null;
    }

    private static byte[] ReadAt(FileStream file, long offset, int most)
    {
        var bytes = new byte[Math.Min(most, file.Length - offset)];
        file.Position = offset;
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    // Entries of the fat header: processor, subtype, offset, ...: big-endian words, the offset a double word in the wide form.
    private static long? SliceOffset(ReadOnlySpan<byte> bytes)
    {
        if (!FatFile.IsFat(bytes))
        {
            return 0;
        }

        var isWide = bytes[3] == 0xBF;
        var entrySize = isWide ? 32 : 20;
        var count = Math.Min(BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), (uint)((bytes.Length - 8) / entrySize));
        for (var index = 0; index < count; index++)
        {
            var entry = bytes[(8 + (index * entrySize))..];
            if (BinaryPrimitives.ReadUInt32BigEndian(entry) == MachOHeader.X86)
            {
                return isWide ? BinaryPrimitives.ReadInt64BigEndian(entry[8..]) is var wide and >= 0 ? wide : null : BinaryPrimitives.ReadUInt32BigEndian(entry[8..]);
            }
        }

        return null;
    }

    private static MachOIdentity? ReadThin(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < MachOHeader.Size || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != MachOHeader.Magic64)
        {
            return null;
        }

        var size = BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]);
        var commands = bytes[MachOHeader.Size..];
        commands = commands[..(int)Math.Min(size, (uint)commands.Length)];
        Guid? uuid = null;
        var text = 0ul;
        while (commands.Length >= 8 && BinaryPrimitives.ReadUInt32LittleEndian(commands[4..]) is var length && length >= 8 && length <= commands.Length)
        {
            var command = commands[..(int)length];
            switch (BinaryPrimitives.ReadUInt32LittleEndian(command))
            {
                case LoadCommand.Uuid when length == UuidCommand.FixedSize:
                    uuid ??= new Guid(command[8..], bigEndian: true);
                    break;
                case LoadCommand.Segment64 when length >= SegmentCommand.FixedSize && command.Slice(8, 16).TrimEnd((byte)0).SequenceEqual("__TEXT"u8):
                    text = BinaryPrimitives.ReadUInt64LittleEndian(command[24..]);
                    break;
            }

            commands = commands[(int)length..];
        }

        return uuid is { } found ? new MachOIdentity(found, text) : null;
    }
}
