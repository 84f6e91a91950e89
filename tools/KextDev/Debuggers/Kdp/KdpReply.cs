using System.Buffers.Binary;
using System.Text;

namespace KextDev.Debuggers.Kdp;

/// <summary>The bodies of what a target answers: hostile input. Null is one that is not what the protocol says.</summary>
internal static class KdpReply
{
    private const int VersionSize = 8; // Two more words follow, which XNU leaves as they were.

    public static KdpError? Error(ReadOnlySpan<byte> body) => Word(body, 0) is { } error ? (KdpError)error : null;

    public static uint? Word(ReadOnlySpan<byte> body, int offset) =>
        body.Length >= offset + 4 ? BinaryPrimitives.ReadUInt32LittleEndian(body[offset..]) : null;

    public static KdpVersion? Version(ReadOnlySpan<byte> body) =>
        body.Length < VersionSize ? null : new KdpVersion((int)Word(body, 0)!.Value, SetsBreakpoints: (Word(body, 4)!.Value & 1) != 0);

    public static KdpHostInfo? HostInfo(ReadOnlySpan<byte> body) =>
        body.Length < 12 ? null : new KdpHostInfo(Word(body, 0)!.Value, Word(body, 4)!.Value, Word(body, 8)!.Value);

    /// <summary>Bytes that were asked for; fewer where the memory ends.</summary>
    public static KdpData? Data(ReadOnlyMemory<byte> body) => Error(body.Span) is { } error ? new KdpData(error, body[4..]) : null;

    /// <summary>Up to its NUL; what is not printable becomes a question mark.</summary>
    public static string Text(ReadOnlySpan<byte> body)
    {
        var end = body.IndexOf((byte)0);
        var text = Encoding.Latin1.GetString(end < 0 ? body : body[..end]);
        return string.Concat(text.Select(character => character is >= ' ' and <= '~' ? character : '?'));
    }

    /// <summary>What one of the target's processors stopped for; the first, where it tells of more.</summary>
    public static KdpStop? Stop(ReadOnlySpan<byte> body) =>
        body.Length < 20 || Word(body, 0) is 0 ? null : new KdpStop(Word(body, 4)!.Value, (MachFault)Word(body, 8)!.Value, Word(body, 12)!.Value, Word(body, 16)!.Value);
}

/// <param name="SetsBreakpoints">Whether the target keeps breakpoints itself; otherwise the debugger writes them into memory (debug=0x80).</param>
public sealed record KdpVersion(int Number, bool SetsBreakpoints);

/// <param name="Processors">A bit for each.</param>
/// <param name="CpuType">As in a Mach-O header: 0x01000007 is x86_64.</param>
public sealed record KdpHostInfo(uint Processors, uint CpuType, uint CpuSubtype)
{
    private const uint Abi64 = 0x01000000;

    public bool Is64Bit => (CpuType & Abi64) != 0;
}

internal sealed record KdpData(KdpError Error, ReadOnlyMemory<byte> Bytes);

/// <summary>Mach's exceptions that a kernel stops for.</summary>
public enum MachFault
{
    BadAccess = 1,
    BadInstruction = 2,
    Arithmetic = 3,
    Emulation = 4,
    Software = 5,

    /// <summary>A breakpoint, a panic, or a single step that was made.</summary>
    Breakpoint = 6,
}

/// <summary>Why a kernel stopped.</summary>
/// <param name="Code">For a breakpoint 3; for BadAccess what vm_fault said.</param>
/// <param name="Subcode">For BadAccess the low half of the address.</param>
public sealed record KdpStop(uint Processor, MachFault Fault, uint Code, uint Subcode)
{
    public override string ToString() => $"{Fault} (code {Code}, subcode 0x{Subcode:x}) on processor {Processor}";
}
