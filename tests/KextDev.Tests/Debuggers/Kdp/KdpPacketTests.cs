using KextDev.Debuggers.Kdp;

namespace KextDev.Tests.Debuggers.Kdp;

public sealed class KdpPacketTests
{
    [Fact]
    public void A_header_is_read_bit_by_bit()
    {
        var datagram = new byte[0x3344];
        Convert.FromHexString("9422443388776655").CopyTo(datagram, 0);

        var packet = KdpPacket.Decode(datagram).ShouldNotBeNull();

        packet.Request.ShouldBe(KdpRequest.ReadMemory64);
        packet.IsReply.ShouldBeTrue();
        packet.Sequence.ShouldBe((byte)0x22);
        packet.Key.ShouldBe(0x55667788u);
        packet.Body.Length.ShouldBe(0x3344 - 8);
        packet.Encode().ShouldBe(datagram);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000800112233")]
    [InlineData("0000090011223344")]
    [InlineData("000008001122334400")]
    public void A_datagram_of_another_length_than_it_says_is_no_packet(string datagram) => KdpPacket.Decode(Convert.FromHexString(datagram)).ShouldBeNull();

    [Fact]
    public void Ports_are_big_endian_and_all_else_is_little_endian()
    {
        Hex(KdpBody.Connect(0xa0b4, 0xa0b9, "hi")).ShouldBe("A0B4A0B9686900");
        Hex(KdpBody.Reattach(0xa0b4)).ShouldBe("A0B4");
        Hex(KdpBody.Read(0xffffff8012345678, 0x102, is64Bit: true)).ShouldBe("7856341280FFFFFF02010000");
        Hex(KdpBody.Read(0x12345678, 0x102, is64Bit: false)).ShouldBe("7856341202010000");
        Hex(KdpBody.Write(0xffffff8012345678, [0xcc, 0x90], is64Bit: true)).ShouldBe("7856341280FFFFFF02000000CC90");
        Hex(KdpBody.ReadRegisters()).ShouldBe("0000000004000000");
    }

    [Fact]
    public void Thread_states_have_their_registers_in_Machs_order()
    {
        var state = X86ThreadState.Decode(ThreadState()).ShouldNotBeNull();

        state["rax"].ShouldBe(1u);
        state["rdi"].ShouldBe(5u);
        state["rbp"].ShouldBe(7u);
        state["rsp"].ShouldBe(8u);
        state["r8"].ShouldBe(9u);
        state.InstructionPointer.ShouldBe(17u);
        state["rflags"].ShouldBe(18u);
        state["gs"].ShouldBe(21u);
        state.Stepping(steps: true)["rflags"].ShouldBe(0x112u);
        state.Encode().ShouldBe(ThreadState());
        X86ThreadState.Decode(new byte[167]).ShouldBeNull();
    }

    [Fact]
    public void A_stop_is_read_as_the_kernel_writes_it()
    {
        // One processor, number 2; a page fault that vm_fault refused with 1, at an address whose low half is 0xdeadbeef.
        KdpReply.Stop(Convert.FromHexString("010000000200000001000000010000 00efbeadde".Replace(" ", "", StringComparison.Ordinal)))
            .ShouldBe(new KdpStop(2, MachFault.BadAccess, 1, 0xdeadbeef));
        KdpReply.Stop(Convert.FromHexString("0000000002000000010000000100000000000000")).ShouldBeNull();
        KdpReply.Stop(new byte[19]).ShouldBeNull();
    }

    [Fact]
    public void Text_of_a_target_is_cut_at_its_NUL_and_made_printable() => KdpReply.Text([0x44, 0x1b, 0x5b, 0xff, 0, 0x61]).ShouldBe("D?[?");

    /// <summary>Each register has its place in the order, counted from 1.</summary>
    internal static byte[] ThreadState() => [.. Enumerable.Range(1, 21).SelectMany(value => BitConverter.GetBytes((ulong)value))];

    private static string Hex(byte[] bytes) => Convert.ToHexString(bytes);
}
