using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KextDev.MachO.Linking;

/// <summary>
/// A UUID from what the image is: equal code and data, symbols and relocations give the same one. The debug map is left out, so that it does
/// not matter where the objects lay.
/// </summary>
internal static class ImageUuid
{
    private const int PieceSize = 1 << 20;

    public static Guid Compute(ReadOnlyMemory<byte> file, ImageLayout layout, LinkEdit linkEdit, CancellationToken cancellationToken)
    {
        var content = file[layout.CommandsEnd..(int)layout.LinkEditAddress];
        var pieces = (content.Length + PieceSize - 1) / PieceSize;
        var digests = new byte[pieces * SHA256.HashSizeInBytes];
        Parallel.For(0, pieces, new ParallelOptions { CancellationToken = cancellationToken }, piece =>
        {
            var start = piece * PieceSize;
            var bytes = content.Span.Slice(start, Math.Min(PieceSize, content.Length - start));
            SHA256.HashData(bytes, digests.AsSpan(piece * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes));
        });

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(digests);
        hash.AppendData(MemoryMarshal.AsBytes<Relocation>(linkEdit.LocalRelocations));
        foreach (var chunk in linkEdit.NamedSymbols)
        {
            hash.AppendData(chunk.SymbolBytes);
            hash.AppendData(chunk.NameBytes);
        }

        foreach (var section in layout.Sections)
        {
            AppendText(hash, section.ToHeader().ToString());
        }

        AppendImports(hash, linkEdit);
        Span<byte> uuid = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(uuid);

        // RFC 9562: version 8 (vendor's own), variant 10.
        uuid[6] = (byte)((uuid[6] & 0x0F) | 0x80);
        uuid[8] = (byte)((uuid[8] & 0x3F) | 0x80);
        return new Guid(uuid[..16], bigEndian: true);
    }

    private static void AppendText(IncrementalHash hash, string text) => hash.AppendData(System.Text.Encoding.UTF8.GetBytes(text));

    // The number of a symbol depends on the debug map; its place among the imports does not.
    private static void AppendImports(IncrementalHash hash, LinkEdit linkEdit)
    {
        var words = new byte[linkEdit.ExternalRelocations.Length * 8];
        for (var index = 0; index < linkEdit.ExternalRelocations.Length; index++)
        {
            var relocation = linkEdit.ExternalRelocations[index];
            BinaryPrimitives.WriteInt32LittleEndian(words.AsSpan(index * 8), relocation.Address);
            BinaryPrimitives.WriteInt32LittleEndian(words.AsSpan((index * 8) + 4), relocation.Number - linkEdit.FirstImport);
        }

        hash.AppendData(words);
    }
}
