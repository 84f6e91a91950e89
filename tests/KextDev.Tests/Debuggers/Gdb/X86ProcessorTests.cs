using System.Buffers.Binary;
using KextDev.Debuggers.Gdb;

namespace KextDev.Tests.Debuggers.Gdb;

public sealed class X86ProcessorTests
{
    private const int Least = (17 * 8) + (7 * 4);

    [Fact]
    public void Registers_are_read_in_the_stubs_order()
    {
        var bytes = new byte[Least + 16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(7 * 8), 0xffa0000000403a70);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16 * 8), 0xffffffffc025e047);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(17 * 8), 0x202);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((17 * 8) + 4), 0x33);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Least + 8), 7);

        var processor = X86Processor.Parse("02", Convert.ToHexString(bytes))!;

        (processor.Number, processor.Stack, processor.Instruction).ShouldBe((1, 0xffa0000000403a70, 0xffffffffc025e047));
        (processor.RunsProgram, processor.TakesInterrupts).ShouldBe((true, true));
        processor.Registers["gs_base"].ShouldBe(7UL);
        processor.Registers.ContainsKey("cr0").ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("E01")]
    [InlineData("0011")]
    [InlineData("xx")]
    public void What_is_no_set_of_registers_is_none(string answer) => X86Processor.Parse("01", answer).ShouldBeNull();

    [Theory]
    [InlineData("0000e811223344", true)]
    [InlineData("0000000000ffd0", true)]
    [InlineData("0041ff5310ffd3", true)]
    [InlineData("00ff1511223344", true)]
    [InlineData("90909090909090", false)]
    [InlineData("0000000000ffe0", false)]
    [InlineData("e8112233", false)]
    [InlineData("", false)]
    public void A_return_address_follows_a_call(string before, bool isReturn) => X86Calls.EndsWithCall(Convert.FromHexString(before)).ShouldBe(isReturn);
}
