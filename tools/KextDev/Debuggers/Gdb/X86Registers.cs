using System.Text;
using KextDev.Debuggers.Kdp;

namespace KextDev.Debuggers.Gdb;

/// <summary>
/// An x86_64 processor's registers as gdb and lldb number them. Both want the whole set of a processor; those that KDP does not tell are there and unavailable.
/// </summary>
internal static class X86Registers
{
    private sealed record Register(string Name, int Bits, string Type, string? Kdp = null);

    private static readonly Register[] Core =
    [
        .. new[] { "rax", "rbx", "rcx", "rdx", "rsi", "rdi" }.Select(name => new Register(name, 64, "int64", name)),
        new("rbp", 64, "data_ptr", "rbp"),
        new("rsp", 64, "data_ptr", "rsp"),
        .. Enumerable.Range(8, 8).Select(number => new Register($"r{number}", 64, "int64", $"r{number}")),
        new("rip", 64, "code_ptr", "rip"),
        new("eflags", 32, "int32", "rflags"),
        new("cs", 32, "int32", "cs"),
        .. new[] { "ss", "ds", "es" }.Select(name => new Register(name, 32, "int32")),
        new("fs", 32, "int32", "fs"),
        new("gs", 32, "int32", "gs"),
        .. Enumerable.Range(0, 8).Select(number => new Register($"st{number}", 80, "i387_ext")),
        .. new[] { "fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop" }.Select(name => new Register(name, 32, "int")),
    ];

    /// <summary>The document "target.xml" of qXfer:features.</summary>
    public static string Description { get; } = Describe();

    public static int Count => Core.Length;

    public static string Read(X86ThreadState state, int number)
    {
        var register = Core[number];
        return register.Kdp is null
            ? new string('x', register.Bits / 4)
            : GdbPacket.Hex(BitConverter.GetBytes(state[register.Kdp]).AsSpan(0, register.Bits / 8));
    }

    public static string ReadAll(X86ThreadState state) => string.Concat(Enumerable.Range(0, Count).Select(number => Read(state, number)));

    /// <param name="hex">The value, its low byte first; x for what is unavailable.</param>
    /// <returns>Null where it is none of such a size. What KDP does not tell it cannot be told either, and stays.</returns>
    public static X86ThreadState? Write(X86ThreadState state, int number, string hex)
    {
        var register = Core[number];
        if (register.Kdp is null)
        {
            return state;
        }

        if (GdbPacket.Bytes(hex) is not { } bytes || bytes.Length < register.Bits / 8)
        {
            return null;
        }

        var value = register.Bits == 64 ? BitConverter.ToUInt64(bytes) : BitConverter.ToUInt32(bytes);
        return state.With(register.Kdp, value);
    }

    public static X86ThreadState? WriteAll(X86ThreadState state, string hex)
    {
        X86ThreadState? written = state;
        for (int number = 0, start = 0; written is not null && number < Count; start += Core[number].Bits / 4, number++)
        {
            var end = start + (Core[number].Bits / 4);
            written = end <= hex.Length ? Write(written, number, hex[start..end]) : Core[number].Kdp is null ? written : null;
        }

        return written;
    }

    private static string Describe()
    {
        var xml = new StringBuilder(
            """<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0"><architecture>i386:x86-64</architecture><feature name="org.gnu.gdb.i386.core">""");
        foreach (var register in Core)
        {
            xml.Append($"""<reg name="{register.Name}" bitsize="{register.Bits}" type="{register.Type}"/>""");
        }

        return xml.Append("</feature></target>").ToString();
    }
}
