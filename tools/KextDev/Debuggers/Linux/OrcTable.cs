using System.Buffers.Binary;
using System.Runtime.InteropServices;
using KextDev.Toolchains;

namespace KextDev.Debuggers.Linux;

/// <summary>How a kernel tells where the caller of each of its instructions is: the ORC tables that a vmlinux is built with (CONFIG_UNWINDER_ORC).</summary>
internal static class OrcTable
{
    private const int RowSize = 6;
    private const int AddressSize = sizeof(int);

    /// <returns>By ascending address; each row holds until the next. Empty for a kernel without such tables.</returns>
    /// <exception cref="InvalidDataException">The tables reach out of the file, or do not fit one another.</exception>
    public static IReadOnlyList<OrcRow> Read(ElfFile vmlinux)
    {
        if (vmlinux.Section(".orc_unwind_ip") is not { } places || vmlinux.Section(".orc_unwind") is not { } table || vmlinux.Place(".orc_unwind_ip") is not { } where)
        {
            return [];
        }

        if (places.Length / AddressSize != table.Length / RowSize)
        {
            throw new InvalidDataException("its ORC tables are of different lengths");
        }

        // Since Linux 6.4 the tables have a header, and two kinds of rows more.
        var hasHeader = vmlinux.Place(".orc_header") is not null;
        var rows = new List<OrcRow>(places.Length / AddressSize);
        for (var index = 0; index < places.Length / AddressSize; index++)
        {
            // An address counts from where it stands.
            var offset = index * AddressSize;
            var address = where.Address + (ulong)offset + (ulong)BinaryPrimitives.ReadInt32LittleEndian(places.Span[offset..]);
            rows.Add(Row(address, table.Span.Slice(index * RowSize, RowSize), hasHeader));
        }

        return [.. rows.OrderBy(row => row.Address)];
    }

    private static OrcRow Row(ulong address, ReadOnlySpan<byte> row, bool hasHeader)
    {
        // From the lowest bit: 4 of the stack's base, 4 of the frame pointer's, then the kind.
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(row[4..]);
        var stack = (OrcBase)(bits & 0xF);
        var kind = (hasHeader, (bits >> 8) & (hasHeader ? 7 : 3)) switch
        {
            _ when stack == OrcBase.Undefined => OrcKind.Unknown,
            (false, 0) or (true, 2) => OrcKind.Call,
            (false, 1) or (true, 3) => OrcKind.Registers,
            (false, 2) or (true, 4) => OrcKind.Interrupt,
            _ => OrcKind.Unknown,
        };
        return new OrcRow(
            address, kind, stack, BinaryPrimitives.ReadInt16LittleEndian(row), (OrcBase)((bits >> 4) & 0xF), BinaryPrimitives.ReadInt16LittleEndian(row[2..]));
    }
}

/// <summary>Where the caller is, from one address on.</summary>
/// <param name="Stack">From what the stack pointer of before is counted; of an interrupted caller, where its registers lie.</param>
/// <param name="StackOffset">In bytes.</param>
/// <param name="FramePointer">From what the place is counted where rbp was saved; undefined where rbp is as it was.</param>
/// <param name="FramePointerOffset">In bytes.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct OrcRow(ulong Address, OrcKind Kind, OrcBase Stack, short StackOffset, OrcBase FramePointer, short FramePointerOffset);

internal enum OrcKind
{
    /// <summary>No code of a function, or the end of the stack.</summary>
    Unknown,

    /// <summary>The caller's address is what lies below its stack pointer.</summary>
    Call,

    /// <summary>The caller was interrupted, and all its registers lie there (struct pt_regs).</summary>
    Registers,

    /// <summary>The caller was interrupted, and what the processor saved of it lies there.</summary>
    Interrupt,
}

/// <summary>The numbers of ORC_REG_*.</summary>
internal enum OrcBase
{
    Undefined = 0,
    PreviousStack = 1,
    Rdx = 2,
    Rdi = 3,
    Rbp = 4,
    Rsp = 5,
    R10 = 6,
    R13 = 7,

    /// <summary>What lies at rbp and the offset.</summary>
    AtRbp = 8,

    /// <summary>What lies at rsp, and the offset added to it.</summary>
    AtRsp = 9,
}
