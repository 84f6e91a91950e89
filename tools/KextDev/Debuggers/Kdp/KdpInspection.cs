using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace KextDev.Debuggers.Kdp;

/// <summary>What can be told of a kernel in the debugger from its registers and its memory alone, without symbols.</summary>
/// <param name="KernelVersion">"Darwin Kernel Version ...", as it says it.</param>
/// <param name="Uuid">Of the kernel's file; null where it does not say.</param>
/// <param name="TextStart">Where its code begins; null where it is not slid.</param>
/// <param name="Backtrace">Where the processor was, then the addresses to return to, innermost first.</param>
/// <param name="PanicText">As far as the stack leads to it; null where it does not, as where there was no panic.</param>
/// <param name="IsBehindInt3">Whether the instruction before is an int3: a breakpoint, Debugger() or a panic.</param>
public sealed partial record KdpInspection(
    string KernelVersion, string? Uuid, ulong? TextStart, X86ThreadState Registers, IReadOnlyList<ulong> Backtrace, string? PanicText, bool IsBehindInt3)
{
    private const int FramesMax = 64;

    /// <summary>Of the stack: what a trap may have left below its pointer, and what called it.</summary>
    private const int Below = 2048, Above = 8192;

    /// <summary>What a kernel keeps of a panic's text.</summary>
    private const int TextMax = 12 << 10;

    private static readonly byte[] Headline = "panic(cpu "u8.ToArray();

    /// <summary>Why it stopped, as far as that can be told: KDP does not tell it whom it lets in.</summary>
    public string Reason => PanicText is not null
        ? "it panicked"
        : IsBehindInt3 ? "it met an int3: of a breakpoint, of Debugger() or of a panic" : "it met no int3: a trap, an NMI, or the halt at its start";

    /// <exception cref="KdpException">The kernel is lost.</exception>
    public static async Task<KdpInspection> ReadAsync(KdpClient client, CancellationToken cancellationToken)
    {
        var registers = await client.ReadRegistersAsync(cancellationToken);
        var version = client.KernelVersion;
        var uuid = UuidPart().Match(version);
        var before = await client.ReadMemoryAsync(registers.InstructionPointer - 1, 1, cancellationToken);
        return new KdpInspection(
            uuid.Success ? version[..uuid.Index] : version,
            uuid.Success ? uuid.Groups["uuid"].Value : null,
            TextStartIn(version),
            registers,
            await WalkAsync(client, registers, cancellationToken),
            await FindTextAsync(client, registers["rsp"], cancellationToken),
            before is [0xcc]);
    }

    /// <param name="version">As <see cref="KdpClient.KernelVersion"/>.</param>
    /// <returns>Where the kernel's code begins; null where it is not slid.</returns>
    internal static ulong? TextStartIn(string version) =>
        StartPart().Match(version) is { Success: true } start ? Convert.ToUInt64(start.Groups["address"].Value, 16) : null;

    /// <summary>Along the frame pointers, each above the one before.</summary>
    private static async Task<IReadOnlyList<ulong>> WalkAsync(KdpClient client, X86ThreadState registers, CancellationToken cancellationToken)
    {
        var addresses = new List<ulong> { registers.InstructionPointer };
        for (var frame = registers.FramePointer; addresses.Count < FramesMax && frame % 8 == 0;)
        {
            var words = await client.ReadMemoryAsync(frame, 16, cancellationToken);
            if (words.Length < 16 || BinaryPrimitives.ReadUInt64LittleEndian(words.AsSpan(8)) is not (> 0 and var address))
            {
                break;
            }

            addresses.Add(address);
            var next = BinaryPrimitives.ReadUInt64LittleEndian(words);
            if (next <= frame)
            {
                break;
            }

            frame = next;
        }

        return addresses;
    }

    private static async Task<string?> FindTextAsync(KdpClient client, ulong stackPointer, CancellationToken cancellationToken)
    {
        var aligned = stackPointer & ~7ul;

        // Either half may lie where there is no stack.
        byte[] stack =
        [
            .. await client.ReadMemoryAsync(aligned, Above, cancellationToken),
            .. await client.ReadMemoryAsync(aligned - Below, Below, cancellationToken),
        ];
        var seen = new HashSet<ulong>();
        for (var offset = 0; offset + 8 <= stack.Length; offset += 8)
        {
            var pointer = BinaryPrimitives.ReadUInt64LittleEndian(stack.AsSpan(offset));
            if (pointer >= 4096 && seen.Add(pointer) && (await client.ReadMemoryAsync(pointer, Headline.Length, cancellationToken)).AsSpan().SequenceEqual(Headline))
            {
                return Text(await client.ReadMemoryAsync(pointer, TextMax, cancellationToken));
            }
        }

        return null;
    }

    /// <summary>Lines of what can be printed, up to the NUL.</summary>
    private static string Text(byte[] memory)
    {
        var end = Array.IndexOf(memory, (byte)0);
        var text = Encoding.Latin1.GetString(memory, 0, end < 0 ? memory.Length : end);
        return string.Concat(text.Select(character => character is '\n' or '\t' or (>= ' ' and <= '~') ? character : '?'));
    }

    [GeneratedRegex("; UUID=(?<uuid>[0-9A-Fa-f-]{36})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UuidPart();

    [GeneratedRegex("stext=0x(?<address>[0-9A-Fa-f]{1,16})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StartPart();
}
