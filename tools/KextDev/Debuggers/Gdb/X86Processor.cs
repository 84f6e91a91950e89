using System.Buffers.Binary;
using System.Globalization;

namespace KextDev.Debuggers.Gdb;

/// <summary>A halted processor of an x86_64 machine.</summary>
/// <param name="Thread">As the stub numbers it, in hexadecimal digits from 1 on.</param>
/// <param name="Registers">By name, in the order in which they are shown.</param>
public sealed record X86Processor(string Thread, IReadOnlyDictionary<string, ulong> Registers)
{
    private const ulong InterruptFlag = 0x200;
    private const ulong UserPrivilege = 3;

    // As gdb and QEMU order them (QEMU's gdb-xml/i386-64bit.xml): 8 bytes each up to rip, 4 bytes each up to gs, 8 bytes each after.
    private static readonly string[] s_general =
        ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", .. Enumerable.Range(8, 8).Select(number => $"r{number}"), "rip"];

    private static readonly string[] s_segments = ["eflags", "cs", "ss", "ds", "es", "fs", "gs"];
    private static readonly string[] s_control = ["fs_base", "gs_base", "k_gs_base", "cr0", "cr2", "cr3", "cr4"];

    /// <summary>From 0 on, as kernels number them.</summary>
    public int Number => int.TryParse(Thread, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var thread) ? thread - 1 : 0;

    public ulong Instruction => Registers["rip"];

    public ulong Stack => Registers["rsp"];

    public bool RunsProgram => (Registers["cs"] & UserPrivilege) == UserPrivilege;

    public bool TakesInterrupts => (Registers["eflags"] & InterruptFlag) != 0;

    /// <param name="hex">The answer to "g".</param>
    /// <returns>Null where it is too short, or no hexadecimal digits.</returns>
    internal static X86Processor? Parse(string thread, string hex)
    {
        const int Word = sizeof(ulong);
        const int Half = sizeof(uint);
        var least = (s_general.Length * Word) + (s_segments.Length * Half);
        if (GdbPacket.Bytes(hex) is not { } bytes || bytes.Length < least)
        {
            return null;
        }

        var registers = new Dictionary<string, ulong>(StringComparer.Ordinal);
        var at = 0;
        foreach (var name in s_general)
        {
            registers[name] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            at += Word;
        }

        foreach (var name in s_segments)
        {
            registers[name] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
            at += Half;
        }

        // Not every stub tells them.
        foreach (var name in s_control.TakeWhile(_ => at + Word <= bytes.Length))
        {
            registers[name] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            at += Word;
        }

        return new X86Processor(thread, registers);
    }
}
