using System.Buffers.Binary;
using System.Text;

namespace KextDev.Tests.MachO;

/// <summary>
/// A small kext as Apple's linker lays one out, written field by field: the content of __TEXT at the end of its page, stripped names that start
/// with four zeros, a code signature at the end.
/// </summary>
internal static class AppleKext
{
    public const string Uuid = "3F2504E0-4F89-41D3-9A0C-0305E82C3301";

    public static byte[] Write()
    {
        var file = new byte[0x20E0];
        var at = 0;
        Words(file, ref at, 0xFEEDFACF, 0x01000007, 3, 11, 8, 0x308, 0x85, 0);

        // LC_SEGMENT_64 __TEXT: 72 + 2 * 80 bytes.
        Words(file, ref at, 0x19, 232);
        Name(file, ref at, "__TEXT");
        Longs(file, ref at, 0, 0x1000, 0, 0x1000);
        Words(file, ref at, 7, 5, 2, 0);
        Section(file, ref at, "__text", "__TEXT", 0xFD0, 0x20, 0xFD0, 4, 0x80000400);
        Section(file, ref at, "__cstring", "__TEXT", 0xFF0, 6, 0xFF0, 0, 2);

        // LC_SEGMENT_64 __DATA: 72 + 3 * 80 bytes; zero-fill has no offset, and zeros to the end of the page.
        Words(file, ref at, 0x19, 312);
        Name(file, ref at, "__DATA");
        Longs(file, ref at, 0x1000, 0x1000, 0x1000, 0x1000);
        Words(file, ref at, 7, 3, 3, 0);
        Section(file, ref at, "__got", "__DATA", 0x1000, 8, 0x1000, 3, 0);
        Section(file, ref at, "__data", "__DATA", 0x1010, 196, 0x1010, 4, 0);
        Section(file, ref at, "__bss", "__DATA", 0x10E0, 0x40, 0, 4, 1);

        Words(file, ref at, 0x19, 72);
        Name(file, ref at, "__LINKEDIT");
        Longs(file, ref at, 0x2000, 0x1000, 0x2000, 0xE0);
        Words(file, ref at, 7, 1, 0, 0);

        Words(file, ref at, 0x02, 24, 0x2010, 5, 0x2070, 0x38);
        Words(file, ref at, 0x0B, 80, 0, 2, 2, 1, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x2060, 2, 0x2000, 2);
        Words(file, ref at, 0x1B, 24);
        new Guid(Uuid).TryWriteBytes(file.AsSpan(at), bigEndian: true, out _);
        at += 16;
        Words(file, ref at, 0x2A, 16, 0, 0);
        Words(file, ref at, 0x1D, 16, 0x20B0, 0x30);

        // _start: call _printf; load of _version's slot; ret. _stop: xor eax, eax; ret.
        byte[] code = [0xE8, 0, 0, 0, 0, 0x48, 0x8B, 0x05, 0x24, 0, 0, 0, 0xC3];
        code.CopyTo(file, 0xFD0);
        new byte[] { 0x31, 0xC0, 0xC3 }.CopyTo(file, 0xFE0);
        "hello\0"u8.CopyTo(file.AsSpan(0xFF0));

        at = 0x1010;
        Words(file, ref at, 0, 0, 1, 0xFFFFFFFF);
        "org.example.apple"u8.CopyTo(file.AsSpan(at));
        "4.5.6"u8.CopyTo(file.AsSpan(at + 64));
        at += 128;
        Words(file, ref at, 0xFFFFFFFF, 0, 0, 0, 0, 0, 0, 0, 0);
        Longs(file, ref at, 0xFD0, 0xFE0);

        // Local relocations: kmod_info's start and stop point into section 1.
        at = 0x2000;
        Words(file, ref at, 0x10C4, 0x06000001, 0x10CC, 0x06000001);
        Symbol(file, ref at, 4, 0x1E, 1, 0, 0xFD0);
        Symbol(file, ref at, 11, 0x1E, 1, 0, 0xFE0);
        Symbol(file, ref at, 17, 0x0F, 4, 0, 0x1010);
        Symbol(file, ref at, 28, 0x01, 0, 0xFE00, 0);
        Symbol(file, ref at, 36, 0x01, 0, 0xFE00, 0);
        at = 0x2060;
        return Finish(file, at);
    }

    // External relocations: the slot of _version, the call of _printf. Then names and signature.
    private static byte[] Finish(byte[] file, int at)
    {
        Words(file, ref at, 0x1000, 0x0E000004, 0xFD1, 0x2D000003);
        "\0\0\0\0_start\0_stop\0_kmod_info\0_printf\0_version\0"u8.CopyTo(file.AsSpan(0x2070));
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(0x20B0), 0xFADE0CC0);
        return file;
    }

    private static void Section(byte[] file, ref int at, string name, string segment, ulong address, ulong size, uint offset, uint alignment, uint flags)
    {
        Name(file, ref at, name);
        Name(file, ref at, segment);
        Longs(file, ref at, address, size);
        Words(file, ref at, offset, alignment, 0, 0, flags, 0, 0, 0);
    }

    private static void Symbol(byte[] file, ref int at, uint name, byte type, byte section, ushort description, ulong value)
    {
        Words(file, ref at, name, type | ((uint)section << 8) | ((uint)description << 16));
        Longs(file, ref at, value);
    }

    private static void Name(byte[] file, ref int at, string name)
    {
        Encoding.ASCII.GetBytes(name, file.AsSpan(at, 16));
        at += 16;
    }

    private static void Words(byte[] file, ref int at, params ReadOnlySpan<uint> words)
    {
        foreach (var word in words)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), word);
            at += 4;
        }
    }

    private static void Longs(byte[] file, ref int at, params ReadOnlySpan<ulong> words)
    {
        foreach (var word in words)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), word);
            at += 8;
        }
    }
}
