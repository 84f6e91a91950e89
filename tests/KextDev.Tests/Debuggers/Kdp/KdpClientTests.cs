using System.Net;
using System.Net.Sockets;
using KextDev.Debuggers.Kdp;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>Sessions byte by byte, as XNU would answer. KdpTargetTests has those with a kernel at the other end.</summary>
public sealed class KdpClientTests
{
    [Fact]
    public async Task A_session_begins_as_the_protocol_says()
    {
        await using var target = ScriptedTarget.Answering([]);

        await using var client = await ConnectAsync(target);

        var port = target.Received[0][8..10];
        var key = target.Received[0][4..8];
        var expected = new[]
        {
            ("12000A00", Convert.ToHexString(port)),
            ("00002300", Convert.ToHexString([.. port, .. port]) + Convert.ToHexString("Greetings from KextDev\0"u8)),
            ("03010800", ""),
            ("02020800", ""),
            ("18030800", ""),
        };
        target.Received.Select(Convert.ToHexString).ShouldBe(expected.Select(packet => packet.Item1 + Convert.ToHexString(key) + packet.Item2));
        client.Version.ShouldBe(new KdpVersion(12, SetsBreakpoints: true));
        client.HostInfo.ShouldBe(new KdpHostInfo(3, 0x01000007, 3));
        client.HostInfo.Is64Bit.ShouldBeTrue();
        client.KernelVersion.ShouldBe("Darwin");
    }

    [Fact]
    public async Task Memory_is_read_in_pieces_that_a_kernel_takes()
    {
        await using var target = new ScriptedTarget(request => request[0] == 20
            ? [ScriptedTarget.Reply(request, "00000000" + Convert.ToHexString(Enumerable.Repeat(request[9], request[16] + (request[17] << 8)).ToArray()))]
            : ScriptedTarget.Answer(request, []));
        await using var client = await ConnectAsync(target);

        var read = await client.ReadMemoryAsync(0xffffff8000000000, 1030, CancellationToken.None);

        read.ShouldBe([.. new byte[1024], .. Enumerable.Repeat((byte)4, 6)]);
        target.Received.Where(packet => packet[0] == 20).Select(packet => Convert.ToHexString(packet[8..])).ShouldBe(["0000000080FFFFFF00040000", "0004000080FFFFFF06000000"]);
    }

    [Fact]
    public async Task What_a_kernel_refuses_is_an_answer()
    {
        await using var target = ScriptedTarget.Answering(new()
        {
            [20] = "04000000 aabb", [21] = "04000000", [22] = "66000000", [23] = "65000000", [8] = "03000000", [7] = "00000000" + Convert.ToHexString(KdpPacketTests.ThreadState()),
        });
        await using var client = await ConnectAsync(target);

        (await client.ReadMemoryAsync(0x1000, 16, CancellationToken.None)).ShouldBe([0xaa, 0xbb]);
        (await client.WriteMemoryAsync(0x1000, new byte[] { 1 }, CancellationToken.None)).ShouldBe(KdpError.BadAccess);
        (await client.SetBreakpointAsync(0x1000, CancellationToken.None)).ShouldBe(KdpError.BreakpointAlreadySet);
        (await client.RemoveBreakpointAsync(0x1000, CancellationToken.None)).ShouldBe(KdpError.BreakpointNotFound);
        var registers = await client.ReadRegistersAsync(CancellationToken.None);
        registers.InstructionPointer.ShouldBe(17u);
        (await client.WriteRegistersAsync(registers.With("rip", 0x2000), CancellationToken.None)).ShouldBe(KdpError.BadFlavor);
        target.Received[^1][16 + 128].ShouldBe((byte)0);
        target.Received[^1][16 + 129].ShouldBe((byte)0x20);
    }

    [Fact]
    public async Task A_kernel_of_32_bits_is_asked_with_addresses_of_32_bits()
    {
        await using var target = ScriptedTarget.Answering(new() { [2] = "01000000 07000000 03000000", [5] = "00000000 cc", [6] = "00000000", [15] = "00000000", [16] = "00000000" });
        await using var client = await ConnectAsync(target);

        (await client.ReadMemoryAsync(0x8000, 1, CancellationToken.None)).ShouldBe([0xcc]);
        await client.WriteMemoryAsync(0x8000, new byte[] { 0x90 }, CancellationToken.None);
        await client.SetBreakpointAsync(0x8000, CancellationToken.None);
        await client.RemoveBreakpointAsync(0x8000, CancellationToken.None);

        target.Received.TakeLast(4).Select(packet => Convert.ToHexString([packet[0], .. packet[8..]]))
            .ShouldBe(["050080000001000000", "06008000000100000090", "0F00800000", "1000800000"]);
        await Should.ThrowAsync<ArgumentOutOfRangeException>(client.ReadMemoryAsync(0x1_0000_0000, 1, CancellationToken.None));
    }

    [Fact]
    public async Task A_datagram_that_is_lost_is_sent_again_unchanged()
    {
        var lost = 3;
        await using var target = new ScriptedTarget(request => request[0] == 24 && lost-- > 0 ? [] : ScriptedTarget.Answer(request, []));
        var options = ScriptedTarget.Patient with { ReplyTimeout = TimeSpan.FromMilliseconds(100), Tries = 100 };

        await using var client = await KdpClient.ConnectAsync(target.EndPoint, options, takeOver: false, CancellationToken.None);

        client.KernelVersion.ShouldBe("Darwin");
        var versions = target.Received.Where(packet => packet[0] == 24).ToList();
        versions.Count.ShouldBeGreaterThanOrEqualTo(4);
        versions.ShouldAllBe(packet => packet.SequenceEqual(versions[0]));
    }

    [Fact]
    public async Task Replies_to_earlier_questions_and_of_other_sessions_are_dropped()
    {
        byte[] stale = [];
        await using var target = new ScriptedTarget(request =>
        {
            var reply = ScriptedTarget.Answer(request, new() { [20] = $"00000000 {request.ElementAtOrDefault(8):x2}" }).ToList();
            var foreign = reply[0].ToArray();
            foreign[4] ^= 1;
            foreign[^1] ^= 1;
            var before = stale;
            stale = reply[0];
            return before.Length > 0 ? [before, foreign, reply[0], reply[0]] : reply;
        });
        await using var client = await ConnectAsync(target);

        for (var i = 0; i < 50; i++)
        {
            (await client.ReadMemoryAsync((ulong)i, 1, CancellationToken.None)).ShouldBe([(byte)i]);
        }
    }

    /// <summary>XNU does not recognise 255 when it is repeated: expected is 0 by then.</summary>
    [Fact]
    public async Task The_last_sequence_number_is_never_used()
    {
        await using var target = ScriptedTarget.Answering(new() { [20] = "00000000 aa" });
        await using var client = await ConnectAsync(target);

        for (var i = 0; i < 600; i++)
        {
            await client.ReadMemoryAsync(0, 1, CancellationToken.None);
        }

        target.Received.ShouldAllBe(packet => packet[1] != 255);
        var connections = target.Received.Where(packet => packet[0] == 0).ToList();
        connections.Count.ShouldBe(3);
        connections.ShouldAllBe(packet => packet.SequenceEqual(connections[0]));
    }

    [Fact]
    public async Task A_target_whose_sequence_was_put_back_is_connected_to_again_in_the_same_words()
    {
        var deaf = true;
        await using var target = new ScriptedTarget(request =>
        {
            deaf = request[0] == 20 && request[1] > 1 && deaf;
            return deaf ? [] : ScriptedTarget.Answer(request, new() { [20] = "00000000 aa" });
        });
        await using var client = await KdpClient.ConnectAsync(target.EndPoint, ScriptedTarget.Patient with { ReplyTimeout = TimeSpan.FromMilliseconds(50), Rounds = 100 }, takeOver: false, CancellationToken.None);
        deaf = true;

        (await client.ReadMemoryAsync(0, 1, CancellationToken.None)).ShouldBe([0xaa]);

        target.Received[^1][..2].ShouldBe([20, 1]);
        target.Received.Last(packet => packet[0] == 0).ShouldBe(target.Received[0]);
    }

    [Fact]
    public async Task A_stop_is_acknowledged_as_often_as_it_is_told_and_told_once()
    {
        await using var target = ScriptedTarget.Answering(new() { [12] = "" });
        await using var client = await ConnectAsync(target);
        (await client.ResumeAsync(CancellationToken.None)).ShouldBeTrue();
        client.Runs.ShouldBeTrue();
        await Should.ThrowAsync<InvalidOperationException>(client.ReadMemoryAsync(0, 1, CancellationToken.None));

        await target.SendAsync("0d001c0000000000 01000000 00000000 06000000 03000000 00000000");
        await target.SendAsync("0d001c0000000000 01000000 00000000 06000000 03000000 00000000");

        (await client.WaitForStopAsync(CancellationToken.None)).ShouldBe(new KdpStop(0, MachFault.Breakpoint, 3, 0));
        client.Runs.ShouldBeFalse();
        await target.UntilAsync(received => received.Count(packet => Convert.ToHexString(packet) == "8D00080000000000") == 2);
        (await client.ResumeAsync(CancellationToken.None)).ShouldBeTrue();
        await target.SendAsync("0d011c0000000000 01000000 01000000 01000000 01000000 efbeadde");
        (await client.WaitForStopAsync(CancellationToken.None)).ShouldBe(new KdpStop(1, MachFault.BadAccess, 1, 0xdeadbeef));
    }

    /// <summary>The confirmation was lost; the kernel runs, and answers nothing.</summary>
    [Fact]
    public async Task A_kernel_that_falls_silent_when_it_is_resumed_counts_as_running()
    {
        var running = false;
        await using var target = new ScriptedTarget(request =>
        {
            running |= request[0] == 12;
            return running ? [] : ScriptedTarget.Answer(request, []);
        });
        await using var client = await KdpClient.ConnectAsync(target.EndPoint, ScriptedTarget.Patient with { ReplyTimeout = TimeSpan.FromMilliseconds(20) }, takeOver: false, CancellationToken.None);

        (await client.ResumeAsync(CancellationToken.None)).ShouldBeFalse();

        client.Runs.ShouldBeTrue();
    }

    [Fact]
    public async Task A_session_of_another_debugger_is_not_touched_unless_that_is_asked_for()
    {
        await using var target = ScriptedTarget.Answering(new() { [0] = "01000000" });

        var exception = await Should.ThrowAsync<KdpException>(KdpClient.ConnectAsync(target.EndPoint, ScriptedTarget.Patient, takeOver: false, CancellationToken.None));

        exception.Failure.ShouldBe(KdpFailure.Refused);
        exception.Message.ShouldContain("another one is connected");
        target.Received.ShouldAllBe(packet => packet[0] == 0);
    }

    [Fact]
    public async Task A_kernel_that_does_not_answer_is_an_error_that_says_what_to_do()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        var exception = await Should.ThrowAsync<KdpException>(
            KdpClient.ConnectAsync((IPEndPoint)silent.LocalEndPoint!, ScriptedTarget.Impatient, takeOver: true, CancellationToken.None));

        exception.Failure.ShouldBe(KdpFailure.NoAnswer);
        exception.Message.ShouldContain("NMI");
    }

    [Fact]
    public async Task A_kernel_that_is_lost_in_a_session_is_an_error()
    {
        var gone = false;
        await using var target = new ScriptedTarget(request => gone ? [] : ScriptedTarget.Answer(request, []));
        await using var client = await KdpClient.ConnectAsync(target.EndPoint, ScriptedTarget.Patient with { ReplyTimeout = TimeSpan.FromMilliseconds(20) }, takeOver: false, CancellationToken.None);
        gone = true;

        var exception = await Should.ThrowAsync<KdpException>(client.ReadRegistersAsync(CancellationToken.None));

        exception.Failure.ShouldBe(KdpFailure.NoAnswer);
    }

    [Fact]
    public async Task A_question_that_XNU_does_not_implement_has_no_answer_and_the_session_goes_on()
    {
        await using var target = ScriptedTarget.Answering(new() { [20] = "00000000 aa" });
        await using var client = await KdpClient.ConnectAsync(target.EndPoint, ScriptedTarget.Patient with { ReplyTimeout = TimeSpan.FromMilliseconds(20), Rounds = 50 }, takeOver: false, CancellationToken.None);

        (await client.TryReadImagePathAsync(CancellationToken.None)).ShouldBeNull();

        (await client.ReadMemoryAsync(0, 1, CancellationToken.None)).ShouldBe([0xaa]);
    }

    [Fact]
    public async Task Waiting_for_a_stop_ends_when_it_is_cancelled()
    {
        await using var target = ScriptedTarget.Answering([]);
        await using var client = await ConnectAsync(target);
        using var cancellation = new CancellationTokenSource();

        var waiting = client.WaitForStopAsync(cancellation.Token);
        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }

    /// <summary>Whatever a target says: an answer or an error, and an end.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_hostile_target_neither_breaks_nor_holds_a_session(int seed)
    {
        var random = new Random(seed);
        var state = "00000000" + Convert.ToHexString(KdpPacketTests.ThreadState());
        await using var target = new ScriptedTarget(request =>
            ScriptedTarget.Answer(request, new() { [7] = state, [20] = "00000000 0102030405060708", [21] = "00000000", [22] = "00000000", [23] = "00000000", [12] = "" })
                .Append(Convert.FromHexString("0D001C0000000000010000000000000006000000030000000000000000000000"))
                .Select(reply => Mutate(reply, random)).ToList());

        for (var session = 0; session < 60; session++)
        {
            try
            {
                await using var client = await KdpClient.ConnectAsync(
                    target.EndPoint, new KdpOptions { ReplyTimeout = TimeSpan.FromMilliseconds(2), Tries = 2, Rounds = 3 }, takeOver: session % 2 == 0, CancellationToken.None);
                (await client.ReadMemoryAsync(0, 2000, CancellationToken.None)).Length.ShouldBeLessThanOrEqualTo(2000);
                await client.WriteMemoryAsync(0, new byte[1500], CancellationToken.None);
                await client.SetBreakpointAsync(0, CancellationToken.None);
                await client.ReadRegistersAsync(CancellationToken.None);
                await client.ResumeAsync(CancellationToken.None);
                await client.DetachAsync(CancellationToken.None);
            }
            catch (KdpException)
            {
                // What it said was no answer.
            }
        }
    }

    private static byte[] Mutate(byte[] datagram, Random random)
    {
        var mutated = datagram.ToArray();
        switch (random.Next(6))
        {
            case 0:
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
                break;
            case 1:
                return mutated[..random.Next(mutated.Length)];
            case 2:
                return [.. mutated, .. new byte[random.Next(2000)]];
            case 3:
                // Its length is right and its body is not.
                mutated = [.. mutated[..8], .. mutated[8..][..random.Next(mutated.Length - 7)]];
                mutated[2] = (byte)mutated.Length;
                mutated[3] = (byte)(mutated.Length >> 8);
                break;
        }

        return mutated;
    }

    private static Task<KdpClient> ConnectAsync(ScriptedTarget target) =>
        KdpClient.ConnectAsync(target.EndPoint, ScriptedTarget.Patient, takeOver: true, CancellationToken.None);
}
