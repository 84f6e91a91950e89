using System.Buffers.Binary;
using System.Text;

namespace KextDev.Debuggers.Kdp;

/// <summary>The bodies of what a debugger asks.</summary>
internal static class KdpBody
{
    public const int GreetingMax = 255;

    /// <summary>The ports are the debugger's own, for replies and for exceptions; the target copies them into its datagrams as they are.</summary>
    public static byte[] Connect(ushort replyPort, ushort exceptionPort, string greeting)
    {
        var text = Encoding.ASCII.GetBytes(greeting);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Length, GreetingMax, nameof(greeting));
        var body = new byte[4 + text.Length + 1];
        BinaryPrimitives.WriteUInt16BigEndian(body, replyPort);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(2), exceptionPort);
        text.CopyTo(body, 4);
        return body;
    }

    public static byte[] Reattach(ushort replyPort)
    {
        var body = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(body, replyPort);
        return body;
    }

    public static byte[] Words(params ReadOnlySpan<uint> words)
    {
        var body = new byte[4 * words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(4 * i), words[i]);
        }

        return body;
    }

    /// <summary>What a request about memory begins with: an address of the target's width.</summary>
    public static byte[] Address(ulong address, bool is64Bit)
    {
        if (!is64Bit)
        {
            return Words(Narrow(address));
        }

        var body = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(body, address);
        return body;
    }

    public static byte[] Read(ulong address, int count, bool is64Bit) => [.. Address(address, is64Bit), .. Words((uint)count)];

    public static byte[] Write(ulong address, ReadOnlySpan<byte> data, bool is64Bit) => [.. Address(address, is64Bit), .. Words((uint)data.Length), .. data];

    // XNU ignores which processor it is asked for.
    public static byte[] ReadRegisters() => Words(0, X86ThreadState.Flavor);

    public static byte[] WriteRegisters(X86ThreadState state) => [.. Words(0, X86ThreadState.Flavor), .. state.Encode()];

    private static uint Narrow(ulong address) =>
        address <= uint.MaxValue ? (uint)address : throw new ArgumentOutOfRangeException(nameof(address), $"0x{address:x} is no address of a 32-bit kernel.");
}
