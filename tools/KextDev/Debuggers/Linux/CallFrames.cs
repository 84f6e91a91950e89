using System.Buffers.Binary;

namespace KextDev.Debuggers.Linux;

/// <summary>Tells debuggers, as DWARF's .debug_frame, what a kernel's ORC tables tell the kernel: the way from any function to its caller, also through exceptions.</summary>
internal sealed class CallFrames
{
    // Numbers of registers in DWARF (System V ABI, AMD64 supplement).
    private const int Rax = 0, Rdx = 1, Rcx = 2, Rbx = 3, Rsi = 4, Rdi = 5, Rbp = 6, Rsp = 7, ReturnAddress = 16;

    private const int Word = 8;
    private const uint CommonEntry = 0xFFFF_FFFF;

    // DW_CFA_*
    private const byte Undefined = 0x07, SameValue = 0x08, DefineFrame = 0x0C, FrameExpression = 0x0F;
    private const byte Expression = 0x10, ValueOffset = 0x14, Offset = 0x80;

    // DW_OP_*
    private const byte Dereference = 0x06, SignedConstant = 0x11, Plus = 0x22, OfRegister = 0x70;

    // struct pt_regs, counted in words from its end, which is where the frame of the interrupted code is said to begin.
    private static readonly (int Register, int Words)[] s_general =
    [
        (15, 21), (14, 20), (13, 19), (12, 18), (Rbp, 17), (Rbx, 16), (11, 15), (10, 14), (9, 13), (8, 12), (Rax, 11), (Rcx, 10), (Rdx, 9), (Rsi, 8), (Rdi, 7),
    ];

    private const int RegistersSize = 21 * Word, InterruptSize = 5 * Word, InterruptedAddress = 5, InterruptedStack = 2;

    private readonly List<byte> _section = [];

    private CallFrames()
    {
    }

    /// <param name="rows">By ascending address.</param>
    /// <param name="functions">Where each function begins, ascending; the last one is where the last function ends.</param>
    /// <param name="code">What lies at addresses: empty for those that are none of the kernel's code.</param>
    public static byte[] Write(IReadOnlyList<OrcRow> rows, IReadOnlyList<ulong> functions, Func<ulong, int, ReadOnlyMemory<byte>> code)
    {
        var frames = new CallFrames();
        var called = frames.WriteCommon("");

        // After a frame of a signal a debugger takes the caller's address as it is, not as that of a call's end.
        var interrupted = frames.WriteCommon("S");
        var first = 0;
        for (var index = 0; index + 1 < functions.Count; index++)
        {
            var (start, end) = (functions[index], functions[index + 1]);
            while (first + 1 < rows.Count && rows[first + 1].Address <= start)
            {
                first++;
            }

            var own = rows.Skip(first).TakeWhile(row => row.Address < end).ToList();
            if (own.Count > 0 && own[0].Address <= start && own.Any(row => row.Kind != OrcKind.Unknown))
            {
                var saved = new SavedRegisters(own, code);
                frames.WriteEntry(own.Any(row => row.Kind > OrcKind.Call) ? interrupted : called, start, end, own, saved);
            }
        }

        return [.. frames._section];
    }

    private uint WriteCommon(string augmentation)
    {
        var body = new CallFrameInstructions();
        body.Byte(1); // version
        foreach (var letter in augmentation)
        {
            body.Byte((byte)letter);
        }

        body.Byte(0);
        body.Unsigned(1); // addresses count bytes
        body.Signed(-Word);
        body.Byte(ReturnAddress);
        body.Byte(Offset | ReturnAddress);
        body.Unsigned(1);
        return Append(CommonEntry, body);
    }

    private void WriteEntry(uint common, ulong start, ulong end, IReadOnlyList<OrcRow> rows, SavedRegisters saved)
    {
        var body = new CallFrameInstructions();
        body.Address(start);
        body.Address(end - start);
        var at = start;
        foreach (var row in rows)
        {
            if (row.Address > at)
            {
                body.AdvanceBy(row.Address - at);
                at = row.Address;
            }

            WriteRow(body, row, saved);
        }

        Append(common, body);
    }

    private static void WriteRow(CallFrameInstructions body, OrcRow row, SavedRegisters saved)
    {
        if (row.Kind == OrcKind.Unknown)
        {
            body.Rule(Undefined, ReturnAddress);
            return;
        }

        var size = row.Kind switch { OrcKind.Registers => RegistersSize, OrcKind.Interrupt => InterruptSize, _ => 0 };
        WriteFrame(body, row, size);
        if (row.Kind == OrcKind.Call)
        {
            body.At(ReturnAddress, 1);
            body.Byte(ValueOffset);
            body.Unsigned(Rsp);
            body.Unsigned(0);
        }
        else
        {
            body.At(ReturnAddress, InterruptedAddress);
            body.At(Rsp, InterruptedStack);
        }

        foreach (var (register, words) in s_general)
        {
            if (row.Kind == OrcKind.Registers)
            {
                body.At(register, words);
            }
            else if (register == Rbp)
            {
                WriteFramePointer(body, row);
            }
            else if (row.Kind == OrcKind.Interrupt)
            {
                // The processor saved no others, and what interrupted has not changed them yet.
                body.Rule(SameValue, register);
            }
            else
            {
                WriteSaved(body, register, SavedRegisters.IsKept(register) ? saved.Of(register, row) : null);
            }
        }
    }

    /// <param name="words">As <see cref="SavedRegisters.Of"/> has it.</param>
    private static void WriteSaved(CallFrameInstructions body, int register, int? words)
    {
        if (words is > 0 and var place)
        {
            body.At(register, place);
        }
        else
        {
            body.Rule(words is null ? Undefined : SameValue, register);
        }
    }

    /// <param name="size">Of what lies between the place that the row tells and the frame's begin; in bytes.</param>
    private static void WriteFrame(CallFrameInstructions body, OrcRow row, int size)
    {
        if (row.Stack is OrcBase.AtRbp or OrcBase.AtRsp)
        {
            var place = new CallFrameInstructions();
            place.Byte((byte)(OfRegister + (row.Stack == OrcBase.AtRbp ? Rbp : Rsp)));
            place.Signed(row.Stack == OrcBase.AtRbp ? row.StackOffset : 0);
            place.Byte(Dereference);
            place.Byte(SignedConstant);
            place.Signed(size + (row.Stack == OrcBase.AtRsp ? row.StackOffset : 0));
            place.Byte(Plus);
            body.Byte(FrameExpression);
            body.Block(place);
            return;
        }

        // What lies in a register besides these two is the stack pointer itself.
        var (register, offset) = row.Stack switch
        {
            OrcBase.Rsp => (Rsp, row.StackOffset),
            OrcBase.Rbp => (Rbp, row.StackOffset),
            OrcBase.Rdx => (Rdx, 0),
            OrcBase.Rdi => (Rdi, 0),
            OrcBase.R13 => (13, 0),
            _ => (10, 0),
        };
        if (offset + size >= 0)
        {
            body.Byte(DefineFrame);
            body.Unsigned((uint)register);
            body.Unsigned((uint)(offset + size));
        }
        else
        {
            body.Rule(Undefined, ReturnAddress);
        }
    }

    private static void WriteFramePointer(CallFrameInstructions body, OrcRow row)
    {
        switch (row.FramePointer)
        {
            case OrcBase.PreviousStack when row is { Kind: OrcKind.Call, FramePointerOffset: < 0 } && row.FramePointerOffset % Word == 0:
                body.At(Rbp, -row.FramePointerOffset / Word);
                break;
            case OrcBase.Rbp:
                var place = new CallFrameInstructions();
                place.Byte(OfRegister + Rbp);
                place.Signed(row.FramePointerOffset);
                body.Rule(Expression, Rbp);
                body.Block(place);
                break;
            case OrcBase.Undefined:
                body.Rule(SameValue, Rbp);
                break;
            default:
                body.Rule(Undefined, Rbp);
                break;
        }
    }

    /// <returns>Where the entry begins in the section.</returns>
    private uint Append(uint kind, CallFrameInstructions body)
    {
        var begin = (uint)_section.Count;
        var content = body.Padded(Word, sizeof(uint) * 2);
        Span<byte> head = stackalloc byte[sizeof(uint) * 2];
        BinaryPrimitives.WriteUInt32LittleEndian(head, (uint)content.Length + sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(head[sizeof(uint)..], kind);
        _section.AddRange(head);
        _section.AddRange(content);
        return begin;
    }
}
