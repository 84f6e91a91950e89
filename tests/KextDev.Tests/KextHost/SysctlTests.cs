namespace KextDev.Tests.KextHost;

/// <summary>Objects of sysctl's that kexts register, read and written by their names.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class SysctlTests(KextHostBuild build) : IDisposable
{
    /// <summary>sample.* with a value of each kind; the sources' own objects come after "handled".</summary>
    internal const string Objects = """
        struct list { struct oid *first; };
        struct req { void *p; int lock; unsigned long oldptr, oldlen, oldidx; int (*out)(struct req *, const void *, size_t); unsigned long newptr, newlen, newidx; int (*in)(struct req *, void *, size_t); };
        struct oid { struct list *parent; struct oid *link; int number; unsigned kind; void *arg1; int arg2; const char *name; void *handler; const char *fmt, *descr; int version, refcnt; };
        extern struct list sysctl__children, sysctl__debug_children, sysctl__kern_children;
        void sysctl_register_oid(struct oid *); void sysctl_unregister_oid(struct oid *); int sysctlbyname(const char *, void *, size_t *, void *, size_t);
        int sysctl_handle_int(); int sysctl_handle_quad(); int sysctl_handle_string(); int sysctl_handle_opaque(); int sysctl_handle_int2quad();
        #define OID(parent, kind, arg1, arg2, name, handler, fmt) { parent, NULL, -1, (kind) | 0x400000, arg1, arg2, name, handler, fmt, "", 1, 0 }
        #define RD 0x80000000u
        #define RW 0xc0000000u
        static int number = 42, alone; static long quad = -7; static char text[8] = "abc"; static unsigned char bytes[3] = { 1, 2, 255 }; static unsigned small = 4000000000u;
        static struct list below;
        static int handled(struct oid *oid, void *arg1, int arg2, struct req *req) {
            int value = 10, error = sysctl_handle_int(oid, &value, 0, req);
            if (error || !req->newptr) return error;
            IOLog("set %d %d %s\n", value, arg2, oid->name);
            return value > 100 ? 34 : 0; }
        static struct oid oids[] = {
            OID(&sysctl__children, 1 | RW, &below, 0, "sample", NULL, "N"),
            OID(&below, 2 | RW, &number, 0, "number", sysctl_handle_int, "I"),
            OID(&below, 2 | RD, &small, 0, "small", sysctl_handle_int, "IU"),
            OID(&below, 2 | RW, NULL, 5, "constant", sysctl_handle_int, "I"),
            OID(&below, 4 | RW | 0x10000000, &quad, 0, "quad", sysctl_handle_quad, "Q"),
            OID(&below, 3 | RW, text, sizeof(text), "text", sysctl_handle_string, "A"),
            OID(&below, 5 | RD, bytes, sizeof(bytes), "bytes", sysctl_handle_opaque, "S"),
            OID(&below, 2 | RW, NULL, 77, "handled", handled, "I"),
            OID(&below, 2 | RW | 0x4000000, &alone, 0, "masked", sysctl_handle_int, "I"),
            OID(&sysctl__debug_children, 2 | RW, &alone, 0, "sample", sysctl_handle_int, "I"),
        };
        static void add(void) { for (int i = 0; i < 10; i++) sysctl_register_oid(&oids[i]); }
        static void remove(void) { for (int i = 10; i-- > 0;) sysctl_unregister_oid(&oids[i]); }

        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sample.number", "sample.number: 42")]
    [InlineData("sample.number=43", "sample.number: 43")]
    [InlineData("sample.number=x", "sysctl: sample.number: Invalid argument")]
    [InlineData("sample.small", "sample.small: 4000000000")]
    [InlineData("sample.small=1", "sysctl: sample.small: Operation not permitted")]
    [InlineData("sample.constant", "sample.constant: 5")]
    [InlineData("sample.constant=6", "sysctl: sample.constant: Operation not permitted")]
    [InlineData("sample.quad", "sample.quad: -7")]
    [InlineData("sample.quad=1234567890123", "sample.quad: 1234567890123")]
    [InlineData("sample.text", "sample.text: abc")]
    [InlineData("sample.text=hello", "sample.text: hello")]
    [InlineData("sample.text=too long", "sysctl: sample.text: Invalid argument")]
    [InlineData("sample.bytes", "sample.bytes: 0102ff")]
    [InlineData("sample.handled=11", "sample.handled: 10")]
    [InlineData("sample.handled=101", "sysctl: sample.handled: Numerical result out of range")]
    [InlineData("sample.masked", "sample.masked: 0")]
    [InlineData("debug.sample=3", "debug.sample: 3")]
    [InlineData("sample", "sysctl: sample: Is a directory")]
    [InlineData("sample.none", "sysctl: sample.none: No such file or directory")]
    [InlineData("sample.number.more", "sysctl: sample.number.more: No such file or directory")]
    [InlineData("kern.ostype", "kern.ostype: Darwin")]
    public async Task Reads_and_writes_values_by_name(string word, string printed)
    {
        await using var host = await LoadAsync();

        var result = await host.SysctlAsync(word);

        (result.Output + result.Error).ShouldBe(printed + "\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Calls_the_handler_with_what_the_object_says()
    {
        await using var host = await LoadAsync();

        await host.SysctlAsync("sample.handled=11");

        host.Log.ShouldContain("set 11 77 handled\n");
    }

    [Fact]
    public async Task Lets_only_root_write_but_where_anybody_may()
    {
        await using var host = await LoadAsync();

        (await host.TalkAsync("nobody", "sysctl", "sample.number=1", "sysctl", "sample.quad=1", "sysctl", "sample.number"))
            .ShouldBe("nobody: 0\nsysctl: EPERM\nsysctl: 1\nsysctl: 42\n");
    }

    [Fact]
    public async Task Names_what_there_is()
    {
        await using var host = await LoadAsync();

        (await host.TalkAsync("names", "sample")).ShouldBe(
            "sample.number\nsample.small\nsample.constant\nsample.quad\nsample.text\nsample.bytes\nsample.handled\n\n");
        (await host.TalkAsync("names", "sample.text")).ShouldBe("sample.text\n\n");
        (await host.TalkAsync("names", "")).ShouldStartWith("kern.ostype\nkern.osrelease\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
        (await host.TalkAsync("names", "sample")).ShouldBe("\n");
    }

    [Fact]
    public async Task Answers_a_kext_that_asks_by_name()
    {
        await using var host = await LoadAsync(
            """
            int value; long more; size_t length = sizeof(value), less = 2, none = 0; char name[16];
            int first = sysctlbyname("sample.number", &value, &length, NULL, 0);
            int second = sysctlbyname("sample.number", &value, &less, NULL, 0);
            int third = sysctlbyname("sample.number", NULL, &none, NULL, 0);
            IOLog("%d %d %lu, %d, %d %lu\n", first, value, length, second, third, none);
            value = 8; first = sysctlbyname("sample.number", NULL, NULL, &value, sizeof(value));
            length = sizeof(name); second = sysctlbyname("kern.ostype", name, &length, NULL, 0);
            IOLog("%d %d, %d %s %lu, %d\n", first, number, second, name, length, sysctlbyname("sample.none", NULL, NULL, NULL, 0));
            """);

        host.Log.ShouldContain("0 42 4, 12, 0 4\n0 8, 0 Darwin 7, 2\n");
    }

    [Fact]
    public async Task Reports_an_object_that_is_left_registered()
    {
        await using var host = await LoadAsync("sysctl_unregister_oid(&oids[9]); sysctl_unregister_oid(&oids[9]);", "for (int i = 1; i < 10; i++) sysctl_unregister_oid(&oids[i]);");

        var result = await host.UnloadAsync();

        result.ExitCode.ShouldBe(4);
        result.Error.ShouldContain("left behind: the sysctl sample from ");
        result.Error.ShouldNotContain("sysctl number");
        await host.SysctlAsync("sample.number");
        (await host.ExitAsync()).ShouldBe(RunningHost.PanicExit);
    }

    private async Task<RunningHost> LoadAsync(string start = "", string stop = "remove();")
    {
        var bundle = await TestKext.BuildAsync(
            _folder, Objects + $"static int start(void) {{ add(); {start} return 0; }}\nstatic int stop(void) {{ {stop} return 0; }}\nvoid *used[] = {{ remove }};", libraries: null);
        var host = await RunningHost.StartAsync(build);
        var loaded = await host.LoadAsync(bundle);
        loaded.ExitCode.ShouldBe(0, loaded.Error);
        return host;
    }
}
