namespace KextDev.Tests.KextHost;

/// <summary>Clients that do not keep to the protocol: the host drops them and serves the others.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class HostileClientTests(KextHostBuild build)
{
    private const int HeaderSize = 40, DataMax = 64 << 10;

    public static TheoryData<int, uint, uint> Packets => new()
    {
        // bytes in all, operation, length that the header says
        { 0, 0, 0 },
        { 8, 0, 0 },
        { HeaderSize, 5, uint.MaxValue },
        { HeaderSize + 8, 5, 0 },
        { HeaderSize + DataMax + 1, 5, DataMax + 1 },
    };

    [Theory]
    [MemberData(nameof(Packets))]
    public async Task Drops_a_client_that_sends_no_packet(int size, uint operation, uint length)
    {
        await using var host = await RunningHost.StartAsync(build);
        using var client = await host.ConnectAsync();
        var packet = new byte[size];
        if (size >= HeaderSize)
        {
            BitConverter.TryWriteBytes(packet.AsSpan(0), operation).ShouldBeTrue();
            BitConverter.TryWriteBytes(packet.AsSpan(12), length).ShouldBeTrue();
        }

        client.Send(packet);

        client.Receive(new byte[64]).ShouldBe(0);
        (await host.ListAsync()).ShouldContain("com.apple.kpi.bsd");
    }

    /// <summary>Whole packets that ask for nonsense are answered, each by an error, or end the connection; the host lives.</summary>
    [Fact]
    public async Task Answers_nonsense()
    {
        await using var host = await RunningHost.StartAsync(build);
        var random = new Random(11);

        for (var round = 0; round < 500; round++)
        {
            using var client = await host.ConnectAsync();
            var packet = new byte[HeaderSize + (random.Next(3) == 0 ? 60 : random.Next(200))];
            random.NextBytes(packet);

            // Any but LOAD and UNLOAD, whose text would be a path.
            BitConverter.TryWriteBytes(packet.AsSpan(0), (uint)random.Next(3, 40)).ShouldBeTrue();
            BitConverter.TryWriteBytes(packet.AsSpan(12), packet.Length - HeaderSize).ShouldBeTrue();
            client.Send(packet);
            var reply = new byte[HeaderSize + DataMax];

            client.Receive(reply).ShouldBeGreaterThanOrEqualTo(HeaderSize);
            BitConverter.ToUInt32(reply, 0).ShouldBe(0u);
        }

        (await host.ListAsync()).ShouldContain("com.apple.kpi.bsd");
    }
}
