using System.Buffers.Binary;
using KextDev.Debuggers.Linux;
using KextDev.Processes;
using KextDev.Toolchains;

namespace KextDev.Tests.Debuggers.Linux;

/// <summary>A kernel's ORC tables, read from an ELF file, and what another program reads of the .debug_frame that is made of them.</summary>
public sealed class CallFramesTests : IDisposable
{
    private const ulong Start = 0xFFFF_FFFF_8100_0000;

    // push %rbp; push %r12; push %rbx; sub $8,%rsp (at 4); ... ret.
    private static readonly byte[] s_code = [0x55, 0x41, 0x54, 0x53, 0x48, 0x83, 0xEC, 0x08, 0x90, 0x90, 0x48, 0x83, 0xC4, 0x08, 0x5B, 0x41, 0x5C, 0x5D, 0xC3];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_functions_pushes_tell_where_its_callers_registers_are()
    {
        var said = await DumpAsync(
            [
                new OrcRow(Start, OrcKind.Call, OrcBase.Rsp, 8, OrcBase.Undefined, 0), new OrcRow(Start + 1, OrcKind.Call, OrcBase.Rsp, 16, OrcBase.PreviousStack, -16),
                new OrcRow(Start + 3, OrcKind.Call, OrcBase.Rsp, 24, OrcBase.PreviousStack, -16), new OrcRow(Start + 4, OrcKind.Call, OrcBase.Rsp, 32, OrcBase.PreviousStack, -16),
                new OrcRow(Start + 8, OrcKind.Call, OrcBase.Rsp, 40, OrcBase.PreviousStack, -16), new OrcRow(Start + 15, OrcKind.Call, OrcBase.Rsp, 24, OrcBase.PreviousStack, -16),
                new OrcRow(Start + 19, OrcKind.Unknown, OrcBase.Undefined, 0, OrcBase.Undefined, 0),
            ],
            [Start, Start + 32]);

        said.ShouldMatch(@"FDE cie=0+ pc=ffffffff81000000\.\.\.ffffffff81000020");
        Row(said, Start).ShouldBe("CFA=RSP+8: RBX=same, RBP=same, RSP=CFA, R12=same, R13=same, R14=same, R15=same, RIP=[CFA-8]");
        Row(said, Start + 1).ShouldContain("CFA=RSP+16: RBX=same, RBP=[CFA-16]");
        Row(said, Start + 8).ShouldBe("CFA=RSP+40: RBX=[CFA-32], RBP=[CFA-16], RSP=CFA, R12=[CFA-24], R13=same, R14=same, R15=same, RIP=[CFA-8]");

        // After pop %rbx.
        Row(said, Start + 15).ShouldContain("RBX=same, RBP=[CFA-16], RSP=CFA, R12=[CFA-24]");
        Row(said, Start + 19).ShouldContain("RIP=undefined");
    }

    [Fact]
    public async Task An_exceptions_registers_are_found_on_the_stack_and_its_callers_address_is_no_calls_end()
    {
        var said = await DumpAsync(
            [
                new OrcRow(Start, OrcKind.Interrupt, OrcBase.Rsp, 8, OrcBase.Undefined, 0), new OrcRow(Start + 5, OrcKind.Registers, OrcBase.Rsp, 0, OrcBase.Undefined, 0),
                new OrcRow(Start + 9, OrcKind.Call, OrcBase.AtRsp, 8, OrcBase.Rbp, -24), new OrcRow(Start + 12, OrcKind.Call, OrcBase.AtRbp, -8, OrcBase.Rbp, 0),
            ],
            [Start, Start + 16]);

        said.ShouldContain("Augmentation:          \"S\"");
        Row(said, Start).ShouldContain("CFA=RSP+48:");
        Row(said, Start).ShouldContain("RSP=[CFA-16]");
        Row(said, Start).ShouldContain("RIP=[CFA-40]");

        // struct pt_regs, from r15 to ss: 168 bytes.
        Row(said, Start + 5).ShouldContain("CFA=RSP+168: RAX=[CFA-88], RDX=[CFA-72], RCX=[CFA-80], RBX=[CFA-128], RSI=[CFA-64], RDI=[CFA-56], RBP=[CFA-136], RSP=[CFA-16]");
        Row(said, Start + 5).ShouldContain("R15=[CFA-168], RIP=[CFA-40]");
        said.ShouldContain("DW_CFA_def_cfa_expression: DW_OP_breg7 RSP+0, DW_OP_deref, DW_OP_consts +8, DW_OP_plus");
        said.ShouldContain("DW_CFA_def_cfa_expression: DW_OP_breg6 RBP-8, DW_OP_deref, DW_OP_consts +0, DW_OP_plus");
        said.ShouldContain("DW_CFA_expression: RBP DW_OP_breg6 RBP-24");
        said.ShouldContain("DW_CFA_undefined: RBX");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tables_of_kernels_before_and_since_6_4_are_read(bool hasHeader)
    {
        // A row's bits: 4 of the stack's base, 4 of the frame pointer's, then the kind.
        var (call, registers, interrupt) = hasHeader ? (2, 3, 4) : (0, 1, 2);
        var file = await ElfAsync(
            hasHeader, (Start + 16, 8, -16, 0x15 | (registers << 8)), (Start, 8, 0, 5 | (call << 8)), (Start + 32, 8, 0, 5 | (interrupt << 8)), (Start + 48, 0, 0, 0));

        OrcTable.Read(file).ShouldBe(
            [
                new OrcRow(Start, OrcKind.Call, OrcBase.Rsp, 8, OrcBase.Undefined, 0), new OrcRow(Start + 16, OrcKind.Registers, OrcBase.Rsp, 8, OrcBase.PreviousStack, -16),
                new OrcRow(Start + 32, OrcKind.Interrupt, OrcBase.Rsp, 8, OrcBase.Undefined, 0), new OrcRow(Start + 48, OrcKind.Unknown, OrcBase.Undefined, 0, OrcBase.Undefined, 0),
            ]);
    }

    // Without the registers that a function need not keep, but for the caller's address.
    private static string Row(string dump, ulong address)
    {
        var row = dump.Split('\n').Select(line => line.Trim()).First(line => line.StartsWith($"0x{address:x}: ", StringComparison.Ordinal))[20..];
        var head = row.IndexOf(": ", StringComparison.Ordinal) + 2;
        return row[..head] + string.Join(", ", row[head..].Split(", ").Where(rule => !rule.EndsWith("=undefined", StringComparison.Ordinal) || rule.StartsWith("RIP", StringComparison.Ordinal)));
    }

    private static ReadOnlyMemory<byte> Code(ulong address, int size) => s_code.AsMemory((int)(address - Start), size);

    private async Task<string> DumpAsync(IReadOnlyList<OrcRow> rows, IReadOnlyList<ulong> functions)
    {
        var section = _folder.Combine("frames");
        await File.WriteAllBytesAsync(section, CallFrames.Write(rows, functions, Code));
        var file = await EmptyAsync();
        await new HostCommand("objcopy", $"--add-section=.debug_frame={section}", file).RunAsync(CancellationToken.None);
        return (await new HostCommand("llvm-dwarfdump-14", "--debug-frame", file).RunAsync(CancellationToken.None)).Output;
    }

    private async Task<ElfFile> ElfAsync(bool hasHeader, params (ulong Address, short Stack, short FramePointer, int Bits)[] rows)
    {
        const ulong Where = 0xFFFF_FFFF_8200_0000;
        var places = new byte[rows.Length * 4];
        var table = new byte[rows.Length * 6];
        for (var index = 0; index < rows.Length; index++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(places.AsSpan(index * 4), (int)(rows[index].Address - Where - (ulong)(index * 4)));
            BinaryPrimitives.WriteInt16LittleEndian(table.AsSpan(index * 6), rows[index].Stack);
            BinaryPrimitives.WriteInt16LittleEndian(table.AsSpan((index * 6) + 2), rows[index].FramePointer);
            BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan((index * 6) + 4), (ushort)rows[index].Bits);
        }

        var file = await EmptyAsync();
        List<string> arguments = [];
        foreach (var (name, content) in new[] { (".orc_unwind_ip", places), (".orc_unwind", table), (".orc_header", new byte[20]) }.Take(hasHeader ? 3 : 2))
        {
            var section = _folder.Combine(name);
            await File.WriteAllBytesAsync(section, content);
            arguments.AddRange([$"--add-section={name}={section}", $"--set-section-flags={name}=alloc,readonly"]);
        }

        await new HostCommand("objcopy", [.. arguments, $"--change-section-address=.orc_unwind_ip=0x{Where:x}", file]).RunAsync(CancellationToken.None);
        return ElfFile.Read(await File.ReadAllBytesAsync(file));
    }

    private async Task<string> EmptyAsync()
    {
        var file = _folder.Combine("empty.o");
        await new HostCommand("gcc", "-c", "-x", "c", "-o", file, "/dev/null").RunAsync(CancellationToken.None);
        return file;
    }
}
