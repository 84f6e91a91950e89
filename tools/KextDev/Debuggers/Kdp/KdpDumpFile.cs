using System.Buffers.Binary;
using System.IO.Compression;

namespace KextDev.Debuggers.Kdp;

/// <summary>
/// The end of a file that came in packets of one size, of which the last is filled up with 'Y': a core tells itself how long it is, and of a log the kernel
/// says it by its last seek.
/// </summary>
internal static class KdpDumpFile
{
    private const uint MachO64 = 0xfeedfacf, Core = 4, Segment64 = 0x19;
    private const int HeaderSize = 32, CommandsMax = 1 << 20;
    private const int GzipTrailer = 8; // CRC-32 and length of what is compressed, both u32 and little-endian.
    private const int FillMax = 1 << 16;

    /// <param name="file">At the place where the last packet ended.</param>
    /// <returns>What it lacks; null where it is complete, and cut to its length.</returns>
    public static async Task<string?> FinishAsync(FileStream file, CancellationToken cancellationToken)
    {
        var end = file.Position;
        var start = new byte[HeaderSize];
        file.Position = 0;
        var length = await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        if (length >= 2 && start[0] == 0x1f && start[1] == 0x8b)
        {
            return await FinishGzipAsync(file, cancellationToken);
        }

        if (length == start.Length && BinaryPrimitives.ReadUInt32LittleEndian(start) == MachO64 && BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(12)) == Core)
        {
            return await FinishCoreAsync(file, start, cancellationToken);
        }

        file.SetLength(end);
        return null;
    }

    private static async Task<string?> FinishCoreAsync(FileStream file, byte[] start, CancellationToken cancellationToken)
    {
        var size = BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(20));
        if (size > CommandsMax || HeaderSize + size > file.Length)
        {
            return $"Its load commands should take {size} bytes, and {file.Length} are there in all.";
        }

        var commands = new byte[size];
        await file.ReadExactlyAsync(commands, cancellationToken);
        var whole = (ulong)(HeaderSize + size);
        for (var offset = 0; offset + 8 <= commands.Length;)
        {
            var command = BinaryPrimitives.ReadUInt32LittleEndian(commands.AsSpan(offset));
            var commandSize = BinaryPrimitives.ReadUInt32LittleEndian(commands.AsSpan(offset + 4));
            if (commandSize < 8 || commandSize > commands.Length - offset)
            {
                return $"A load command {offset} bytes behind its header says that it takes {commandSize} bytes.";
            }

            if (command == Segment64 && commandSize >= 72)
            {
                var fileOffset = BinaryPrimitives.ReadUInt64LittleEndian(commands.AsSpan(offset + 40));
                var fileSize = BinaryPrimitives.ReadUInt64LittleEndian(commands.AsSpan(offset + 48));
                whole = fileOffset > long.MaxValue || fileSize > long.MaxValue ? ulong.MaxValue : Math.Max(whole, fileOffset + fileSize);
            }

            offset += (int)commandSize;
        }

        if (whole > (ulong)file.Length)
        {
            return $"Its segments need {whole} bytes, and {file.Length} have come.";
        }

        file.SetLength((long)whole);
        return null;
    }

    private static async Task<string?> FinishGzipAsync(FileStream file, CancellationToken cancellationToken)
    {
        var checksum = ~0u;
        uint length = 0;
        file.Position = 0;
        try
        {
            await using var content = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
            var buffer = new byte[1 << 16];
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                checksum = Continue(checksum, buffer.AsSpan(0, read));
                length += (uint)read;
            }
        }
        catch (InvalidDataException exception)
        {
            return $"It cannot be decompressed: {exception.Message}";
        }

        // Before the filling stands what was compressed, in short.
        var tail = new byte[Math.Min(file.Length, FillMax + GzipTrailer)];
        file.Position = file.Length - tail.Length;
        await file.ReadExactlyAsync(tail, cancellationToken);
        for (var end = tail.Length; end >= GzipTrailer; end--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end - 8)) == ~checksum && BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end - 4)) == length)
            {
                file.SetLength(file.Length - (tail.Length - end));
                return null;
            }

            if (tail[end - 1] != (byte)'Y')
            {
                break;
            }
        }

        return "It ends before the end of what is compressed.";
    }

    /// <summary>CRC-32 of IEEE 802.3, bit by bit over a table of 16.</summary>
    private static uint Continue(uint checksum, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            checksum ^= value;
            checksum = (checksum >> 4) ^ Nibbles[(int)(checksum & 15)];
            checksum = (checksum >> 4) ^ Nibbles[(int)(checksum & 15)];
        }

        return checksum;
    }

    private static ReadOnlySpan<uint> Nibbles =>
    [
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    ];
}
