using System.Buffers.Binary;

namespace KextDev.Debuggers.Gdb;

/// <summary>The calls that led a processor to where it is, as its kernel stack tells them.</summary>
public static class X86Calls
{
    // Linux's stacks of tasks and of interrupts are of this size, and so aligned.
    private const int StackSize = 16 << 10;
    private const int ChunkSize = 2 << 10;
    private const int LongestCall = 7;
    private const int MostCandidates = 400;
    private const int MostReturns = 64;

    /// <summary>
    /// Return addresses, innermost first. Kernels keep no frame pointers: what is on the stack and follows a call may be of a call that is over.
    /// </summary>
    /// <param name="isCode">Whether a function lies there.</param>
    public static async Task<IReadOnlyList<ulong>> ReadReturnsAsync(GdbClient stub, X86Processor processor, Func<ulong, bool> isCode, CancellationToken cancellationToken)
    {
        var returns = new List<ulong>();
        var candidates = 0;
        var end = (processor.Stack & ~(ulong)(StackSize - 1)) + StackSize;
        for (var at = processor.Stack & ~7UL; at < end && returns.Count < MostReturns; at += ChunkSize)
        {
            var memory = await stub.ReadMemoryAsync(processor, at, (int)Math.Min(ChunkSize, end - at), cancellationToken);
            for (var offset = 0; offset + sizeof(ulong) <= memory.Length && returns.Count < MostReturns; offset += sizeof(ulong))
            {
                var address = BinaryPrimitives.ReadUInt64LittleEndian(memory.AsSpan(offset));
                if (isCode(address) && candidates++ < MostCandidates
                    && EndsWithCall(await stub.ReadMemoryAsync(processor, address - LongestCall, LongestCall, cancellationToken)))
                {
                    returns.Add(address);
                }
            }

            if (memory.Length == 0)
            {
                break;
            }
        }

        return returns;
    }

    /// <summary>Whether the bytes before an address end with a call: direct, or by way of a register or of memory.</summary>
    internal static bool EndsWithCall(ReadOnlySpan<byte> before)
    {
        const byte Direct = 0xE8, Indirect = 0xFF;
        return before.Length == LongestCall
            && (before[^5] == Direct || IsIndirect(before, 2) || IsIndirect(before, 3) || IsIndirect(before, 4) || IsIndirect(before, 6) || IsIndirect(before, 7));

        // FF /2; the length says what kind of operand follows.
        static bool IsIndirect(ReadOnlySpan<byte> bytes, int length) => bytes[^length] == Indirect && (bytes[^(length - 1)] >> 3 & 7) == 2;
    }
}
