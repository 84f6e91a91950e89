using System.Buffers.Binary;

namespace KextDev.Debuggers.Kdp;

/// <summary>The registers of the processor that stopped: x86_THREAD_STATE64, 21 words of 64 bits in the order of <see cref="Names"/>.</summary>
public sealed record X86ThreadState
{
    public const uint Flavor = 4;
    public const int Size = 168;

    /// <summary>Of the flags: the next instruction is the last one before another stop.</summary>
    public const ulong TrapFlag = 0x100;

    private readonly ulong[] _values;

    private X86ThreadState(ulong[] values) => _values = values;

    public static IReadOnlyList<string> Names { get; } =
    [
        "rax", "rbx", "rcx", "rdx", "rdi", "rsi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "rflags", "cs", "fs", "gs",
    ];

    public ulong this[string name] => _values[IndexOf(name)];

    public ulong InstructionPointer => this["rip"];

    public ulong FramePointer => this["rbp"];

    public bool Steps => (this["rflags"] & TrapFlag) != 0;

    public X86ThreadState With(string name, ulong value)
    {
        var values = (ulong[])_values.Clone();
        values[IndexOf(name)] = value;
        return new X86ThreadState(values);
    }

    public X86ThreadState Stepping(bool steps) => With("rflags", steps ? this["rflags"] | TrapFlag : this["rflags"] & ~TrapFlag);

    public byte[] Encode()
    {
        var state = new byte[Size];
        for (var i = 0; i < _values.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(8 * i), _values[i]);
        }

        return state;
    }

    /// <returns>Null where it is not of that size.</returns>
    public static X86ThreadState? Decode(ReadOnlySpan<byte> state)
    {
        if (state.Length != Size)
        {
            return null;
        }

        var values = new ulong[Names.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadUInt64LittleEndian(state[(8 * i)..]);
        }

        return new X86ThreadState(values);
    }

    public bool Equals(X86ThreadState? other) => other is not null && _values.AsSpan().SequenceEqual(other._values);

    public override int GetHashCode() => HashCode.Combine(this["rip"], this["rsp"]);

    private static int IndexOf(string name)
    {
        for (var i = 0; i < Names.Count; i++)
        {
            if (Names[i] == name)
            {
                return i;
            }
        }

        throw new ArgumentException($"x86_THREAD_STATE64 has no register {name}.", nameof(name));
    }
}
