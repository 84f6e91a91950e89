namespace KextDev.Tests.KextHost;

/// <summary>Kernel controls as kexts register them and programs meet them, by XNU's rules.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KernelControlTests(KextHostBuild build) : IDisposable
{
    private const string Name = "org.example.control";

    /// <summary>Callbacks that log what they are called with; a source may define others before it.</summary>
    private const string Control = """
        typedef void *mbuf_t;
        struct reg { char name[96]; unsigned id, unit, flags, sendsize, recvsize; void *connect, *disconnect, *send, *setopt, *getopt, *more[4]; };
        int ctl_register(struct reg *, void **); int ctl_deregister(void *); int ctl_enqueuedata(void *, unsigned, void *, size_t, unsigned);
        int ctl_enqueuembuf(void *, unsigned, mbuf_t, unsigned); int ctl_getenqueuespace(void *, unsigned, size_t *);
        int mbuf_allocpacket(unsigned, size_t, unsigned *, mbuf_t *); void mbuf_freem(mbuf_t); mbuf_t mbuf_next(mbuf_t); void *mbuf_data(mbuf_t); size_t mbuf_len(mbuf_t);
        size_t mbuf_pkthdr_len(mbuf_t); int mbuf_copydata(mbuf_t, size_t, size_t, void *); int mbuf_copyback(mbuf_t, size_t, size_t, const void *, unsigned);
        size_t strlen(const char *); void *memcpy(void *, const void *, size_t); int memcmp(const void *, const void *, size_t); int strncmp(const char *, const char *, size_t);
        struct address { unsigned char len, family; unsigned short kind; unsigned id, unit, reserved[5]; };
        static void *reference; static struct reg reg; static int cookie;
        static int on_connect(void *ref, struct address *to, void **info);
        static int on_disconnect(void *ref, unsigned unit, void *info);
        static int on_send(void *ref, unsigned unit, void *info, mbuf_t m, int flags);
        static int on_setopt(void *ref, unsigned unit, void *info, int option, void *data, size_t length);
        static int on_getopt(void *ref, unsigned unit, void *info, int option, void *data, size_t *length);
        static int add(const char *name, unsigned flags, unsigned sendsize, unsigned recvsize) {
            memcpy(reg.name, name, strlen(name) + 1);
            reg.flags = flags; reg.sendsize = sendsize; reg.recvsize = recvsize;
            reg.connect = on_connect; reg.disconnect = on_disconnect; reg.send = on_send; reg.setopt = on_setopt; reg.getopt = on_getopt;
            return ctl_register(&reg, &reference);
        }

        """;

    private const string Connect = """
        static int on_connect(void *ref, struct address *to, void **info) {
            IOLog("connect %d %d %u %u %d\n", to->family, to->kind, to->id, to->unit, ref == reference); *info = &cookie; return 0; }
        static int on_disconnect(void *ref, unsigned unit, void *info) { IOLog("disconnect %u %d %d\n", unit, info == &cookie, ctl_deregister(ref)); return 0; }

        """;

    private const string Options = """
        static int on_setopt(void *ref, unsigned unit, void *info, int option, void *data, size_t length) {
            IOLog("set %u %d %d %lu %.*s\n", unit, info == &cookie, option, length, (int)length, data ? data : ""); return option == 9 ? 22 : 0; }
        static int on_getopt(void *ref, unsigned unit, void *info, int option, void *data, size_t *length) {
            IOLog("get %u %d %lu %.*s\n", unit, option, *length, data ? (int)*length : 0, data ? data : "");
            if (option == 9) return 45;
            if (data) memcpy(data, "abc", *length < 3 ? *length : 3);
            *length = option == 8 ? *length + 1 : 3; return 0; }

        """;

    /// <summary>Sends back what it gets.</summary>
    private const string Echo = """
        static int on_send(void *ref, unsigned unit, void *info, mbuf_t m, int flags) {
            size_t length = mbuf_pkthdr_len(m), all = 0; mbuf_t part;
            for (part = m; part; part = mbuf_next(part)) all += mbuf_len(part);
            IOLog("send %u %d %lu %d\n", unit, info == &cookie, length, all == length);
            int error = ctl_enqueuembuf(ref, unit, m, 2);
            if (error) mbuf_freem(m);
            return error; }

        """;

    private const string Stop = "static int stop(void) { return ctl_deregister(reference); }\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData]
    [InlineData("--check")]
    public async Task Connects_sends_receives_and_disconnects(params string[] options)
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);", Stop, options);

        (await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0", "send", "hello", "recv", "100", "fill", "0", "recv", "9", "fill", "2048", "recv", "4000", "close"))
            .ShouldBe("socket: 0\nfind: 0\nconnect: 1\nsend: 5\nrecv: hello end\nfill: 0\nrecv:  end\nfill: 2048\nrecv: 2048 of f end\nclose: 0\n");

        host.Log.ShouldContain("connect 32 2 1 1 1\nsend 1 1 5 1\nsend 1 1 0 1\nsend 1 1 2048 1\ndisconnect 1 1 16\n");
        var unloaded = await host.UnloadAsync();
        unloaded.ExitCode.ShouldBe(0, unloaded.Error);
    }

    /// <summary>A datagram is one call of the kext's; of a stream, each call has as much as the send buffer holds.</summary>
    [Theory]
    [InlineData("0", "dgram", "2049", "fill: EMSGSIZE", "recv: EAGAIN", "")]
    [InlineData("0", "dgram", "2047", "fill: 2047", "recv: 2047 of f end", "send 1 1 2047 1\n")]
    [InlineData("4", "stream", "5000", "fill: 5000", "recv: 5000 of f", "send 1 1 2048 1\nsend 1 1 2048 1\nsend 1 1 904 1\n")]
    public async Task Sends_as_the_type_of_the_socket_has_it(string flags, string type, string size, string filled, string received, string logged)
    {
        await using var host = await LoadAsync(Connect + Options + Echo, $"return add(\"org.example.control\", {flags}, 0, 0);");

        (await host.TalkAsync("socket", type, "find", Name, "connect", "0", "fill", size, "try", "9000", "close"))
            .ShouldBe($"socket: 0\nfind: 0\nconnect: 1\n{filled}\n{received.Replace("recv", "try", StringComparison.Ordinal)}\nclose: 0\n");

        host.Log.ShouldContain($"connect 32 2 1 1 1\n{logged}disconnect");
    }

    [Fact]
    public async Task Refuses_what_cannot_be_registered()
    {
        await using var host = await LoadAsync(
            Connect + Options + Echo,
            """
            void *other; struct reg long_name = { .connect = on_connect }, empty = { .connect = on_connect }, deaf = { .name = "a" }, own = { .name = "a", .id = 77, .unit = 3, .flags = 2, .connect = on_connect };
            for (int i = 0; i < 96; i++) long_name.name[i] = 'n';
            IOLog("%d %d %d %d\n", ctl_register(NULL, &other), ctl_register(&long_name, &other), ctl_register(&empty, &other), ctl_register(&deaf, &other));
            IOLog("%d %u %u %u\n", add("org.example.control", 0, 0, 0), reg.id, reg.sendsize, reg.recvsize);
            IOLog("%d\n", ctl_register(&reg, &other));
            IOLog("%d %d %u\n", ctl_register(&own, &other), ctl_register(&own, &other), own.id);
            IOLog("%d %d %d\n", ctl_deregister(other), ctl_deregister(other), ctl_deregister(NULL));
            reg.name[0] = 'p'; IOLog("%d %u\n", ctl_register(&reg, &other), reg.id);
            return ctl_deregister(other);
            """);

        host.Log.ShouldContain("22 22 22 22\n0 1 2048 8192\n17\n0 17 77\n0 22 22\n0 2\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Gives_each_client_a_unit_of_its_own()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);");

        (await host.TalkAsync(
            "socket", "dgram", "connect", "0", "find", "org.example.none", "find", Name, "connect", "0", "connect", "0",
            "socket", "dgram", "connect", "1", "connect", "0", "socket", "dgram", "connect", "7", "on", "0", "close", "socket", "dgram", "connect", "0",
            "socket", "stream", "connect", "0", "on", "1", "send", "x", "recv", "9"))
            .ShouldBe(
                "socket: 0\nconnect: ENOENT\nfind: ENOENT\nfind: 0\nconnect: 1\nconnect: EISCONN\n"
                + "socket: 0\nconnect: EBUSY\nconnect: 2\nsocket: 0\nconnect: 7\nclose: 0\nsocket: 0\nconnect: 1\n"
                + "socket: 0\nconnect: EPROTOTYPE\nsend: 1\nrecv: x end\n");
    }

    /// <summary>Without a name, by numbers that the kext has chosen.</summary>
    [Fact]
    public async Task Connects_by_a_registered_id_and_unit()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "reg.id = 0; reg.unit = 5; return add(\"org.example.control\", 2, 0, 0);");

        (await host.TalkAsync("socket", "dgram", "connect", "4", "connect", "5", "send", "x", "recv", "9"))
            .ShouldBe("socket: 0\nconnect: ENOENT\nconnect: 5\nsend: 1\nrecv: x end\n");
    }

    [Fact]
    public async Task Admits_only_root_where_the_control_is_privileged()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 1, 0, 0);");

        (await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0")).ShouldBe("socket: 0\nfind: 0\nconnect: 1\n");
        (await host.TalkAsync("nobody", "socket", "dgram", "find", Name, "connect", "0")).ShouldBe("nobody: 0\nsocket: 0\nfind: 0\nconnect: EPERM\n");
    }

    /// <summary>Also of a connection that the kext refuses, it hears the end.</summary>
    [Fact]
    public async Task Disconnects_whom_the_kext_refuses()
    {
        await using var host = await LoadAsync(
            """
            static int on_connect(void *ref, struct address *to, void **info) { *info = &cookie; return 61; }
            static int on_disconnect(void *ref, unsigned unit, void *info) { IOLog("disconnect %u %d\n", unit, info == &cookie); return 0; }
            """ + Options + Echo,
            "return add(\"org.example.control\", 0, 0, 0);");

        (await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0", "send", "x", "connect", "3", "close"))
            .ShouldBe("socket: 0\nfind: 0\nconnect: ECONNREFUSED\nsend: ENOTCONN\nconnect: ECONNREFUSED\nclose: 0\n");

        host.Log.ShouldContain("disconnect 1 1\ndisconnect 3 1\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Answers_who_is_not_connected()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);");

        (await host.TalkAsync("socket", "dgram", "send", "x", "recv", "1", "set", "1", "x", "get", "1", "1", "close", "send", "x"))
            .ShouldBe("socket: 0\nsend: ENOTCONN\nrecv: ENOTCONN\nset: EINVAL\nget: EINVAL\nclose: 0\nsend: EBADF\n");
    }

    [Fact]
    public async Task Passes_options_to_the_kext_and_back()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);");

        (await host.TalkAsync(
            "socket", "dgram", "find", Name, "connect", "0",
            "set", "5", "value", "set", "6", "", "set", "9", "bad", "get", "7", "5", "get", "7", "0", "get", "9", "3"))
            .ShouldBe("socket: 0\nfind: 0\nconnect: 1\nset: 0\nset: 0\nset: EINVAL\nget: 3 abc\nget: 3 \nget: EOPNOTSUPP\n");

        host.Log.ShouldContain("set 1 1 5 5 value\nset 1 1 6 0 \nset 1 1 9 3 bad\nget 1 7 5 01234\n");
    }

    [Fact]
    public async Task Panics_where_an_option_is_longer_than_the_buffer()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);");

        await host.TalkCommand("socket", "dgram", "find", Name, "connect", "0", "get", "8", "4").TryRunAsync(CancellationToken.None);

        (await host.PanicAsync()).ShouldContain("ctl_ctloutput: ctl org.example.control returned len (5) > sopt_valsize (4)");
    }

    [Fact]
    public async Task Refuses_what_the_kext_has_no_callback_for()
    {
        await using var host = await LoadAsync(
            Connect + Options + Echo,
            "memcpy(reg.name, \"org.example.control\", 20); reg.connect = on_connect; return ctl_register(&reg, &reference);");

        (await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0", "send", "x", "set", "1", "x", "get", "1", "1", "close"))
            .ShouldBe("socket: 0\nfind: 0\nconnect: 1\nsend: EOPNOTSUPP\nset: EOPNOTSUPP\nget: EOPNOTSUPP\nclose: 0\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    /// <summary>
    /// Bytes count, and so do the buffers that they lie in: 256 records of ten bytes fill it although there is room for 8192 bytes. Without an
    /// end of record they are one record, and lie close.
    /// </summary>
    [Theory]
    [InlineData("10", "2", "256 of 10, 0 left")]
    [InlineData("10", "0", "819 of 10, 2 left")]
    [InlineData("4096", "2", "2 of 4096, 0 left")]
    [InlineData("8193", "2", "0 of 8193, 8192 left")]
    public async Task Holds_as_much_as_the_receive_buffer(string size, string flags, string expected)
    {
        await using var host = await LoadAsync(
            Connect + Options + $$"""
            static char bytes[9000];
            static int on_send(void *ref, unsigned unit, void *info, mbuf_t m, int flags) {
                int count = 0, error; size_t space;
                mbuf_freem(m);
                while (!(error = ctl_enqueuedata(ref, unit, bytes, {{size}}, {{flags}}))) count++;
                ctl_getenqueuespace(ref, unit, &space);
                IOLog("%d of %d, %lu left, error %d, %d %d\n", count, {{size}}, space, error, ctl_enqueuedata(ref, 9, bytes, 1, 0), ctl_getenqueuespace(NULL, unit, &space));
                return 0; }
            """,
            "return add(\"org.example.control\", 0, 0, 0);");

        await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0", "send", "x", "close");

        host.Log.ShouldContain($"{expected}, error 55, 22 22\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Keeps_records_apart_that_end()
    {
        await using var host = await LoadAsync(
            Connect + Options + """
            static int on_send(void *ref, unsigned unit, void *info, mbuf_t m, int flags) {
                mbuf_freem(m);
                return ctl_enqueuedata(ref, unit, "ab", 2, 0) | ctl_enqueuedata(ref, unit, "cd", 2, 2) | ctl_enqueuedata(ref, unit, "efgh", 4, 2) | ctl_enqueuedata(ref, unit, "i", 1, 2); }
            """,
            "return add(\"org.example.control\", 0, 0, 0);");

        (await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0", "send", "x", "peek", "2", "recv", "9", "recv", "3", "recv", "9", "try", "9"))
            .ShouldBe("socket: 0\nfind: 0\nconnect: 1\nsend: 1\npeek: ab end cut\nrecv: abcd end\nrecv: efg end cut\nrecv: i end\ntry: EAGAIN\n");
    }

    [Fact]
    public async Task Is_a_stream_where_the_control_is_one()
    {
        await using var host = await LoadAsync(
            Connect + Options + """
            static int on_send(void *ref, unsigned unit, void *info, mbuf_t m, int flags) {
                mbuf_freem(m);
                return ctl_enqueuedata(ref, unit, "ab", 2, 2) | ctl_enqueuedata(ref, unit, "cdef", 4, 2); }
            """,
            "return add(\"org.example.control\", 4, 0, 0);");

        (await host.TalkAsync("socket", "stream", "find", Name, "connect", "0", "send", "x", "recv", "1", "peek", "9", "recv", "3", "recv", "9", "try", "9"))
            .ShouldBe("socket: 0\nfind: 0\nconnect: 1\nsend: 1\nrecv: a\npeek: bcdef\nrecv: bcd\nrecv: ef\ntry: EAGAIN\n");
    }

    [Fact]
    public async Task Tells_by_poll_what_there_is_to_receive()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);");

        (await host.TalkAsync(
            "socket", "dgram", "find", Name, "connect", "0", "plain", "poll", "0", "input", "1", "send", "x", "plain", "poll", "-1", "send", "y",
            "recv", "9", "plain", "recv", "9", "plain", "input", "0", "pipe", "input", "-1", "send", "z", "input", "-1", "close", "poll", "0"))
            .ShouldBe(
                "socket: 0\nfind: 0\nconnect: 1\nplain: 0\npoll: 1 out\ninput: 0\nsend: 1\nplain: 1 in\npoll: 1 in out\nsend: 1\n"
                + "recv: x end\nplain: 1 in\nrecv: y end\nplain: 0\ninput: 0\ninput: 1 beside\nsend: 1\ninput: 2 in beside\nclose: 0\npoll: 2 none beside\n");
    }

    /// <summary>Who sleeps already goes on sleeping; who comes later finds it.</summary>
    [Fact]
    public async Task Wakes_nobody_where_the_kext_says_so()
    {
        await using var host = await LoadAsync(
            Connect + Options + """
            static int on_send(void *ref, unsigned unit, void *info, mbuf_t m, int flags) { mbuf_freem(m); return ctl_enqueuedata(ref, unit, "quiet", 5, 3); }
            """,
            "return add(\"org.example.control\", 0, 0, 0);");

        (await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0", "send", "x", "plain", "input", "0", "recv", "9"))
            .ShouldBe("socket: 0\nfind: 0\nconnect: 1\nsend: 1\nplain: 0\ninput: 1 in\nrecv: quiet end\n");
    }

    [Fact]
    public async Task Waits_for_data_as_long_as_it_was_told()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);");

        (await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0", "patience", "5", "recv", "9", "nonblock", "patience", "0", "recv", "9"))
            .ShouldBe("socket: 0\nfind: 0\nconnect: 1\npatience: 0\nrecv: EAGAIN\npatience: 0\nrecv: EAGAIN\n");
    }

    /// <summary>Data for a sleeping client come from another one's send; then the sleeper polls, and it happens again.</summary>
    [Fact]
    public async Task Wakes_who_waits_for_data()
    {
        await using var host = await LoadAsync(
            Connect + Options + """
            static int on_send(void *ref, unsigned unit, void *info, mbuf_t m, int flags) { int error = ctl_enqueuembuf(ref, 1, m, 2); if (error) mbuf_freem(m); return error; }
            """,
            "return add(\"org.example.control\", 0, 0, 0);");
        var sleeper = host.TalkCommand("socket", "dgram", "find", Name, "connect", "0", "recv", "9", "set", "1", "next", "input", "-1", "recv", "9", "close").RunAsync(CancellationToken.None);
        await host.UntilLogAsync("connect 32 2 1 1 1\n");

        (await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0", "send", "one", "close")).ShouldEndWith("send: 3\nclose: 0\n");
        await host.UntilLogAsync("set 1 1 1 4 next\n");
        (await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0", "send", "two", "close")).ShouldEndWith("send: 3\nclose: 0\n");

        (await sleeper).Output.ShouldBe("socket: 0\nfind: 0\nconnect: 1\nrecv: one end\nset: 0\ninput: 1 in\nrecv: two end\nclose: 0\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Disconnects_a_client_that_dies_while_it_waits()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);");
        await using (await host.StartTalkAsync("socket", "dgram", "find", Name, "connect", "0", "recv", "9"))
        {
            await host.UntilLogAsync("connect 32 2 1 1 1\n");
        }

        await host.UntilLogAsync("disconnect 1 1 16\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Refuses_to_deregister_while_clients_are_connected()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);");
        await using (await host.StartTalkAsync("socket", "dgram", "find", Name, "connect", "0", "recv", "9"))
        {
            await host.UntilLogAsync("connect 32 2 1 1 1\n");

            var refused = await host.UnloadAsync();

            refused.ExitCode.ShouldBe(11);
            refused.Error.ShouldContain("did not stop (return code 0x10)");
        }

        await host.UntilLogAsync("disconnect 1 1 16\n");
        (await host.UntilUnloadedAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Reports_a_control_that_is_left_registered()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);", "static int stop(void) { return 0; }\n");

        var result = await host.UnloadAsync();

        result.ExitCode.ShouldBe(4);
        result.Error.ShouldContain("left behind: the kernel control org.example.control from ");
        await host.TalkCommand("socket", "dgram", "find", Name, "connect", "0").TryRunAsync(CancellationToken.None);
        (await host.ExitAsync()).ShouldBe(RunningHost.PanicExit);
    }

    /// <summary>What is sent belongs to the callback, which has to free it.</summary>
    [Fact]
    public async Task Reports_data_that_a_kext_has_not_freed()
    {
        await using var host = await LoadAsync(
            Connect + Options + "static int on_send(void *ref, unsigned unit, void *info, mbuf_t m, int flags) { return 22; }\n",
            "return add(\"org.example.control\", 0, 0, 0);");

        (await host.TalkAsync("socket", "dgram", "find", Name, "connect", "0", "send", "x", "close")).ShouldEndWith("send: EINVAL\nclose: 0\n");

        var result = await host.UnloadAsync();
        result.ExitCode.ShouldBe(4);
        result.Error.ShouldContain("bytes of an mbuf at ");
    }

    /// <summary>Eight threads of a program's, each with a socket: every one gets back what it sent, in order.</summary>
    [Fact]
    public async Task Serves_many_clients_at_once()
    {
        await using var host = await LoadAsync(Connect + Options + Echo, "return add(\"org.example.control\", 0, 0, 0);");

        (await host.TalkAsync("many", Name)).ShouldBe("many: 8000\n");

        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    private async Task<RunningHost> LoadAsync(string callbacks, string start, string stop = Stop, params string[] options)
    {
        var bundle = await TestKext.BuildAsync(_folder, Control + callbacks + $"static int start(void) {{ {start} }}\n" + stop + "void *used[] = { &reference, &cookie, &reg };");
        var host = await RunningHost.StartAsync(build, options);
        var loaded = await host.LoadAsync(bundle);
        loaded.ExitCode.ShouldBe(0, loaded.Error);
        return host;
    }
}
