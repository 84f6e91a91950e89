namespace KextDev.Tests.KextHost;

/// <summary>Kexts that do what a kernel must not be done to, and the verdict on each.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KextMisuseTests(KextHostBuild build) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Each is the body of a function that the kext runs at its start.</summary>
    public static TheoryData<string, string> Panics => new()
    {
        { "panic(\"the sample says %d\", 42);", "): the sample says 42\n" },
        { "void *m = IOMalloc(100); IOFree(m, 100); IOFree(m, 100);", "zfree: double free of 0x" },
        { "IOFree(IOMalloc(100), 200);", " from zone kalloc.128 caught being freed to wrong zone kalloc.224\n" },
        { "IOFree(IOMalloc(100), 101);", "bad IOMalloc size 0x65 should be 0x64" },
        { "_FREE(IOMalloc(100), 80);", " was made by IOMalloc and is freed as if made by _MALLOC" },
        { "char here; IOFree(&here, 1);", "Attempting to lookup/free an address not managed by kalloc!" },
        {
            "void *t = OSMalloc_Tagalloc(\"a\", 0), *u = OSMalloc_Tagalloc(\"b\", 0); OSFree(OSMalloc(8, t), 8, u);",
            " was made with tag 0x"
        },
        { "lck_mtx_lock(mutex); lck_mtx_lock(mutex);", "Attempt to recursively lock a non-recursive lock" },
        { "lck_mtx_unlock(mutex);", "Mutex unlock attempted from non-owner thread. Owner=(nil) lock=0x" },
        { "lck_mtx_lock(mutex); lck_mtx_free(mutex, group);", "mutex (0x" },
        { "lck_mtx_free(mutex, group); lck_mtx_lock(mutex);", "trying to interlock destroyed mutex (0x" },
        { "lck_spin_lock(spin); lck_spin_lock(spin);", "Spinlock acquisition timed out: lock=0x" },
        { "lck_spin_unlock(spin);", "Preemption level underflow, possible cause unlocking an unlocked mutex or spinlock" },
        {
            "lck_spin_lock(spin); IOSleep(1);",
            "thread_invoke: preemption_level 1, possible cause: blocking while holding a spinlock, or within interrupt context"
        },
        { "lck_spin_lock(spin); IOMalloc(8);", "thread_invoke: preemption_level 1, possible cause: blocking while holding a spinlock" },
        { "lck_spin_lock(spin); lck_mtx_lock(mutex);", "preemption_level(1) != 0\n" },
        { "lck_mtx_lock_spin(mutex); IOSleep(1);", "thread_invoke: preemption_level 1, possible cause: blocking while holding a spinlock" },
        { "lck_mtx_convert_spin(mutex);", "lck_mtx_convert_spin: mutex (0x" },
        { "lck_spin_lock(spin); lck_rw_lock_shared(rw);", "thread_invoke: preemption_level 1, possible cause: blocking while holding a spinlock" },
        { "lck_mtx_lock(mutex); lck_mtx_sleep(mutex, 0x40, &rw, 0);", "Invalid lock sleep action 40\n" },
        { "void mbuf_freem(void *), *m; mbuf_get(0, 1, &m); mbuf_freem(m); mbuf_freem(m);", " is no mbuf, or was freed" },
        { "void *m; mbuf_get(0, 1, &m); mbuf_setlen(m, 5000);", "mbuf_setlen: 5000 bytes in mbuf 0x" },
        { "lck_spin_lock(spin); ctl_enqueuedata(mutex, 1, &rw, 8, 0);", "thread_invoke: preemption_level 1, possible cause: blocking while holding a spinlock" },
        { "lck_rw_lock_shared(rw); lck_rw_unlock_exclusive(rw);", "lck_rw_unlock_exclusive(): lock held in mode: 1\n" },
        { "lck_rw_lock_exclusive(rw); lck_rw_unlock_shared(rw);", "lck_rw_unlock_shared(): lock 0x" },
        { "lck_rw_unlock_shared(rw);", "Releasing non-exclusive RW lock without a reader refcount!" },
        { "lck_rw_lock_shared(rw); lck_rw_lock_exclusive(rw);", "is held by the thread itself: it would wait for ever" },
        { "*(volatile int *)16 = 1;", "type 14=page fault, registers:\n" },
        { "*(volatile char *)begin = 1;", "type 14=page fault, registers:\n" },
        { "__builtin_trap();", "type 6=invalid opcode, registers:\n" },
        { "volatile int zero = 0; zero = 7 / zero;", "type 0=divide error, registers:\n" },
    };

    [Theory]
    [MemberData(nameof(Panics))]
    public async Task Panics_as_a_development_kernel_does(string body, string text)
    {
        var panic = await PanicAsync(body);

        panic.ShouldContain("*** Panic Report ***\npanic(cpu 0 caller 0x");
        panic.ShouldContain(text);
        panic.ShouldContain("Backtrace (CPU 0), Frame : Return Address\n0x");
        panic.ShouldMatch(@"\n0x[0-9a-f]{16} : 0x[0-9a-f]{16} org\.example\.sample : _start \+ 0x[0-9a-f]+\n");
        panic.ShouldMatch(
            @"\n {6}Kernel Extensions in backtrace:\n {9}org\.example\.sample\(1\.0\)\[[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\]@0x[0-9a-f]+->0x[0-9a-f]+fff\n");
        panic.ShouldContain("\nDarwin Kernel Version 19.6.0:");
        panic.ShouldMatch(@"\nlast loaded kext at \d+: org\.example\.sample\t1\.0 \(addr 0x[0-9a-f]+, size \d+\)\n");
        panic.ShouldContain("\nloaded kexts:\norg.example.sample\t1.0\n");
    }

    [Theory]
    [InlineData("lck_mtx_lock(mutex);", "1 lock(s) held on return to userspace for thread 0x")]
    [InlineData("lck_spin_lock(spin);", "preemption_level 1, possible cause: a spinlock still held")]
    public async Task Panics_when_a_callback_keeps_a_lock_and_names_the_callback(string body, string text)
    {
        var panic = await PanicAsync(body);

        panic.ShouldContain(text);
        panic.ShouldContain(" org.example.sample : _begin + 0x0\n");
        panic.ShouldContain("Kernel Extensions in backtrace:\n         org.example.sample(1.0)[");
    }

    /// <summary>The stack's end is a page fault, told from another stack; what follows it ends at the frames that a report has.</summary>
    [Fact]
    public async Task Reports_a_stack_that_has_overflowed() =>
        (await PanicAsync("extern int deep(volatile char *); volatile char c; deep(&c);", "int deep(volatile char *up) { volatile char here[4096]; here[0] = *up; return deep(here) + here[1]; }"))
            .ShouldMatch(@"type 14=page fault(.|\n)*org\.example\.sample : _deep \+ 0x");

    [Fact]
    public async Task Reports_a_panic_whose_message_cannot_be_read() =>
        (await PanicAsync("panic(\"all of %s\", (char *)1);")).ShouldContain("panic(cpu 0 caller 0x");

    [Theory]
    [InlineData("char *m = IOMalloc(100); IOFree(m, 100); m[3] = 1;")]
    [InlineData("volatile char *m = IOMalloc(100); IOFree((void *)m, 100); (void)m[3];")]
    [InlineData("char *m = IOMalloc(112); m[112] = 1;")]
    public async Task Faults_in_the_checking_mode_where_memory_is_not_the_kexts_any_more(string body) =>
        (await PanicAsync(body, options: "--check")).ShouldContain("type 14=page fault, registers:\n");

    [Fact]
    public async Task Finds_what_was_written_between_the_end_of_memory_and_the_guard_behind_it() =>
        (await PanicAsync("char *m = IOMalloc(100); m[101] = 1; IOFree(m, 100);", options: "--check"))
            .ShouldContain("a zone element has been modified behind its end: 0x");

    [Fact]
    public async Task Gives_out_memory_that_is_not_zero()
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            """
            static int start(void) { unsigned *m = IOMalloc(4096), first = m[0], last = m[1023]; IOFree(m, 4096); IOLog("%x %x\n", first, last); return 0; }
            static int stop(void) { return 0; }
            """);
        await using var host = await RunningHost.StartAsync(build);

        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);

        host.Log.ShouldContain("deadbeef deadbeef\n");
    }

    /// <summary>The source's start leaves it; macOS would not say so.</summary>
    [Theory]
    [InlineData("IOMalloc(100);", "100 bytes of IOMalloc at 0x", "from org.example.sample : _start + 0x")]
    [InlineData("_MALLOC(7, 80, 0);", "7 bytes of _MALLOC at 0x", "from org.example.sample : _start + 0x")]
    [InlineData("lck_mtx_alloc_init(lck_grp_alloc_init(\"sample\", NULL), NULL);", "a mutex 0x", "a lock group sample")]
    [InlineData("kauth_listen_scope(\"com.apple.kauth.fileop\", begin, NULL);", "a kauth listener on com.apple.kauth.fileop", "")]
    [InlineData("void *thread_call_allocate(void *, void *); thread_call_allocate(begin, NULL);", "a thread call 0x", "from org.example.sample : _start + 0x")]
    [InlineData("add_device();", "the device node /dev/sample", "the character device of major number 24")]
    public async Task Reports_what_an_unloaded_kext_has_left_behind(string body, string text, string another)
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            TestKext.Device + "static long ask(unsigned long request, void *data) { return 0; } static int stop(void) { return 0; }\n"
            + $"static int start(void) {{ {body} return 0; }} void *used = remove_device, *also = add_device;");
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);

        var result = await host.UnloadAsync();

        result.ExitCode.ShouldBe(4);
        result.Error.ShouldContain("(kernel) Kext org.example.sample left behind: " + text);
        result.Error.ShouldContain(another);
        var report = await File.ReadAllTextAsync(host.Reports.ShouldHaveSingleItem());
        report.ShouldContain("left behind: " + text);
    }

    /// <summary>More pieces than are remembered as freed, most of them at the address of one before.</summary>
    [Theory]
    [InlineData]
    [InlineData("--check")]
    public async Task Says_nothing_of_a_kext_that_freed_each_of_many_pieces(params string[] options)
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            """
            static int start(void) { for (int i = 0; i < 30000; i++) { void *m = IOMalloc(16 + i % 3 * 100); IOFree(m, 16 + i % 3 * 100); } return 0; }
            static int stop(void) { return 0; }
            """);
        await using var host = await RunningHost.StartAsync(build, options);

        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);

        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
        host.Reports.ShouldBeEmpty();
    }

    [Fact]
    public async Task Faults_in_a_callback_of_a_kext_that_is_gone()
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            """
            static int heard(void *credential, void *context) { return 3; }
            static int start(void) { kauth_listen_scope("com.apple.kauth.fileop", heard, NULL); return 0; }
            static int stop(void) { return 0; }
            """);
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);
        (await host.DriveAsync("opened", "/etc/passwd")).ShouldBe("opened: ok\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(4);

        await host.DriveCommand("opened", "/etc/passwd").TryRunAsync(CancellationToken.None);

        (await host.ExitAsync()).ShouldBe(RunningHost.PanicExit);
        var panic = await File.ReadAllTextAsync(host.Reports.Single(path => path.EndsWith(".panic", StringComparison.Ordinal)));
        panic.ShouldContain("type 14=page fault");
        panic.ShouldContain("org.example.sample(1.0)[");
        panic.ShouldContain("last unloaded kext at ");
    }

    private async Task<string> PanicAsync(string body, string functions = "", params string[] options)
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            $$"""
            static void *group, *mutex, *spin, *rw;
            static int start(void) {
                group = lck_grp_alloc_init("sample", NULL);
                mutex = lck_mtx_alloc_init(group, NULL);
                spin = lck_spin_alloc_init(group, NULL);
                rw = lck_rw_alloc_init(group, NULL);
                { {{body}} }
                return 0;
            }
            static int stop(void) { return 0; }
            {{functions}}
            """);
        await using var host = await RunningHost.StartAsync(build, options);

        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(69);

        return await host.PanicAsync();
    }
}
