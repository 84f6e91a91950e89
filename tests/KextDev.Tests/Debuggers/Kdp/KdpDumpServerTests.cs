using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using KextDev.Debuggers.Kdp;

namespace KextDev.Tests.Debuggers.Kdp;

/// <summary>A panicking kernel's words, one by one. KdpDumpTests has a kernel that sends itself.</summary>
public sealed class KdpDumpServerTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly KdpDumpServer _server = new(new IPEndPoint(IPAddress.Loopback, 0), new KdpDumpOptions { MaxSize = 100_000 });
    private readonly Socket _kernel = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    public KdpDumpServerTests() => _kernel.Connect(_server.EndPoint);

    public void Dispose()
    {
        _kernel.Dispose();
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_log_is_received_without_what_fills_its_last_packet()
    {
        var receiving = _server.ReceiveAsync(_folder.Path, None);

        // 2, name, octet, features, what the kernel can do and how much it sends at once; the server says in its first answer what it can do.
        (await AskAsync("0002" + Text("paniclog-xnu-1\0octet\0features\0") + "00000003" + "0000057e")).ShouldBe("030400000000");
        (await AskAsync("0003" + "00000001" + Text("hello YYYY"))).ShouldBe("000400000001");
        (await AskAsync("0003" + "00000001" + Text("hello YYYY"))).ShouldBe("000400000001");
        (await AskAsync("0006" + "00000002" + "0000000000000006")).ShouldBe("000400000002");
        (await AskAsync("0003" + "00000003" + Text("worldYYYYY"))).ShouldBe("000400000003");
        (await AskAsync("0008" + "00000004")).ShouldBe("000400000004");
        (await AskAsync("0006" + "00000005" + "000000000000000b")).ShouldBe("000400000005");
        (await AskAsync("0007" + "00000006")).ShouldBe("000400000006");

        var dump = await receiving;
        dump.Problem.ShouldBeNull();
        dump.Path.ShouldBe(_folder.Combine("paniclog-xnu-1"));
        (await File.ReadAllTextAsync(dump.Path)).ShouldBe("hello world");
    }

    [Fact]
    public async Task An_old_kernel_that_offers_nothing_sends_offsets_of_32_bits()
    {
        var receiving = _server.ReceiveAsync(_folder.Path, None);

        (await AskAsync("0002" + Text("systemlog-1\0octet\0"))).ShouldBe("000400000000");
        await AskAsync("0003" + "00000001" + Text("abcYYY"));
        (await AskAsync("0006" + "00000002" + "00000003")).ShouldBe("000400000002");
        await AskAsync("0007" + "00000003");

        (await File.ReadAllTextAsync((await receiving).Path)).ShouldBe("abc");
    }

    [Theory]
    [InlineData("../core")]
    [InlineData("/tmp/core")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("core\n")]
    [InlineData("")]
    public async Task Names_that_are_none_of_a_dump_are_refused(string name)
    {
        using var cancellation = new CancellationTokenSource();
        var receiving = _server.ReceiveAsync(_folder.Path, cancellation.Token);

        (await AskAsync("0002" + Text(name + "\0octet\0features\0") + "00000003" + "0000057e")).ShouldBe("00050000000200");

        Directory.GetFileSystemEntries(_folder.Path).ShouldBeEmpty();
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(receiving);
    }

    [Fact]
    public async Task A_file_is_never_replaced()
    {
        _folder.Write("core-1", "mine");
        var receiving = _server.ReceiveAsync(_folder.Path, None);

        (await AskAsync("0002" + Text("core-1\0octet\0"))).ShouldBe("00050000000600");

        await SendFileAsync("core-2", [1, 2, 3]);
        (await receiving).Path.ShouldBe(_folder.Combine("core-2"));
        (await File.ReadAllTextAsync(_folder.Combine("core-1"))).ShouldBe("mine");
    }

    [Theory]
    [InlineData("0006" + "00000001" + "00000000000186a1")]
    [InlineData("0006" + "00000001" + "ffffffffffffffff")]
    [InlineData("0006" + "00000001" + "00")]
    public async Task More_than_is_taken_is_refused(string seek)
    {
        var receiving = _server.ReceiveAsync(_folder.Path, None);
        await AskAsync("0002" + Text("core-1\0octet\0features\0") + "00000003" + "0000057e");

        (await AskAsync(seek)).ShouldBe("00050000000300");

        var dump = await receiving;
        dump.IsComplete.ShouldBeFalse();
        dump.Path.ShouldEndWith("core-1.part");
        new FileInfo(dump.Path).Length.ShouldBe(0);
    }

    [Fact]
    public async Task A_kernel_that_falls_silent_leaves_what_it_sent()
    {
        using var server = new KdpDumpServer(new IPEndPoint(IPAddress.Loopback, 0), new KdpDumpOptions { Silence = TimeSpan.FromSeconds(1) });
        _kernel.Connect(server.EndPoint);
        var receiving = server.ReceiveAsync(_folder.Path, None);
        await AskAsync("0002" + Text("core-1\0octet\0"));

        var dump = await receiving;

        dump.Problem.ShouldNotBeNull().ShouldContain("said nothing");
        File.Exists(dump.Path).ShouldBeTrue();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(700)]
    public async Task A_compressed_core_is_cut_where_it_ends(int filling)
    {
        var receiving = _server.ReceiveAsync(_folder.Path, None);
        var compressed = Compressed();

        await SendFileAsync("core-1.gz", [.. compressed, .. Enumerable.Repeat((byte)'Y', filling)]);

        var dump = await receiving;
        dump.Problem.ShouldBeNull();
        (await File.ReadAllBytesAsync(dump.Path)).ShouldBe(compressed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task A_compressed_core_that_lacks_its_end_is_incomplete(int lacking)
    {
        var receiving = _server.ReceiveAsync(_folder.Path, None);

        await SendFileAsync("core-1.gz", [.. Compressed()[..^lacking], .. Enumerable.Repeat((byte)'Y', 700)]);

        (await receiving).IsComplete.ShouldBeFalse();
    }

    [Fact]
    public async Task A_core_is_as_long_as_its_segments_say()
    {
        var whole = new byte[300];
        Header(whole, fileOffset: 104, fileSize: 196);
        whole[299] = 7;
        var receiving = _server.ReceiveAsync(_folder.Path, None);
        await SendFileAsync("core-1", [.. whole, .. Enumerable.Repeat((byte)'Y', 500)]);
        var dump = await receiving;
        dump.Problem.ShouldBeNull();
        (await File.ReadAllBytesAsync(dump.Path)).ShouldBe(whole);

        receiving = _server.ReceiveAsync(_folder.Path, None);
        await SendFileAsync("core-2", whole[..^1]);
        (await receiving).Problem.ShouldNotBeNull().ShouldContain("need 300 bytes, and 299");
    }

    /// <summary>Whatever comes: an end, and nothing outside the folder or longer than is taken.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Hostile_datagrams_do_no_harm(int seed)
    {
        var random = new Random(seed);
        var inner = Directory.CreateDirectory(_folder.Combine("inner")).FullName;
        using var server = new KdpDumpServer(new IPEndPoint(IPAddress.Loopback, 0), new KdpDumpOptions { MaxSize = 10_000, Silence = TimeSpan.FromSeconds(1) });
        _kernel.Connect(server.EndPoint);
        string[] packets =
        [
            "0002" + Text("core-1\0octet\0features\0") + "00000003" + "0000057e", "0003" + "00000001" + Text("data"), "0003" + "00000002" + Text("more"),
            "0006" + "00000001" + "0000000000000100", "0006" + "00000003" + "0000000000000200", "0007" + "00000004", "0008" + "00000001", "0005" + "00000001",
        ];
        using var cancellation = new CancellationTokenSource();
        var serving = Task.Run(async () =>
        {
            for (;;)
            {
                await server.ReceiveAsync(inner, cancellation.Token);
            }
        });
        for (var i = 0; i < 3000; i++)
        {
            var packet = Convert.FromHexString(packets[random.Next(packets.Length)]);
            for (var changes = random.Next(3); changes > 0; changes--)
            {
                packet[random.Next(packet.Length)] = (byte)random.Next(256);
            }

            await _kernel.SendAsync(packet[..random.Next(1, packet.Length + 1)]);
        }

        // A kernel that waits for its turn asks again.
        using var last = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        last.Connect(server.EndPoint);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var request = Convert.FromHexString("0002" + Text($"last\0octet\0"));
        while (!File.Exists(Path.Combine(inner, "last.part")))
        {
            await last.SendAsync(request);
            await Task.Delay(20, limit.Token);
        }

        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(serving);
        Directory.GetFileSystemEntries(_folder.Path).ShouldBe([inner]);
        new DirectoryInfo(inner).GetFiles().ShouldAllBe(file => file.Length <= 10_000);
    }

    private static byte[] Compressed()
    {
        var content = new byte[40_000];
        new Random(1).NextBytes(content.AsSpan(0, 5000));
        using var memory = new MemoryStream();
        using (var compression = new GZipStream(memory, CompressionLevel.Fastest))
        {
            compression.Write(content);
        }

        return memory.ToArray();
    }

    private static void Header(byte[] file, ulong fileOffset, ulong fileSize)
    {
        uint[] header = [0xfeedfacf, 0x01000007, 3, 4, 1, 72, 0, 0, 0x19, 72];
        for (var i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(4 * i), header[i]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(32 + 40), fileOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(32 + 48), fileSize);
    }

    private static string Text(string text) => Convert.ToHexString(Encoding.Latin1.GetBytes(text));

    private async Task SendFileAsync(string name, byte[] content)
    {
        await AskAsync("0002" + Text(name + "\0octet\0features\0") + "00000003" + "0000057e");
        var block = 0;
        foreach (var part in content.Chunk(1000))
        {
            await AskAsync("0003" + $"{++block:x8}" + Convert.ToHexString(part));
        }

        await AskAsync("0007" + $"{++block:x8}");
    }

    private async Task<string> AskAsync(string packet)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await _kernel.SendAsync(Convert.FromHexString(packet));
        var buffer = new byte[2000];
        return Convert.ToHexStringLower(buffer, 0, await _kernel.ReceiveAsync(buffer, limit.Token));
    }
}
