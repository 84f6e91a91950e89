namespace KextDev.Tests.KextHost;

/// <summary>Small parts of the kernel's interface: each is asked by a kext, which logs the answers.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KextInterfaceTests(KextHostBuild build) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(
        """
        char *strcpy(char *, const char *), *strcat(char *, const char *), *strncat(char *, const char *, size_t); int sprintf(char *, const char *, ...), sscanf(const char *, const char *, ...);
        long strtoq(const char *, char **, int); int ffs(int), copystr(const void *, void *, size_t, size_t *);
        """,
        """
        char text[32]; int number = 0; size_t done = 0; char *end;
        strcpy(text, "ab"); strcat(text, "cd"); strncat(text, "efgh", 2); sscanf("17", "%d", &number);
        IOLog("%s %d %ld %d\n", text, number, strtoq("123456789012x", &end, 10), ffs(8));
        number = copystr("hello", text, 32, &done); IOLog("%d %s %lu\n", number, text, done);
        number = copystr("hello", text, 3, &done); IOLog("%d %.3s %lu\n", number, text, done);
        sprintf(text, "%d-%s", 5, "x"); IOLog("%s\n", text);
        """,
        "abcdef 17 123456789012 4\n0 hello 6\n63 hel 3\n5-x\n")]
    [InlineData(
        """
        void *os_log_create(const char *, const char *); void _os_log_internal(void *, void *, unsigned char, const char *, ...); _Bool os_log_info_enabled(void *), os_log_debug_enabled(void *);
        extern const unsigned long _os_log_default;
        """,
        """
        void *log = os_log_create("org.example", "sample");
        _os_log_internal(&kmod_info, log, 0, "%{public}s is %{private}d", "x", 7); _os_log_internal(&kmod_info, (void *)&_os_log_default, 16, "%% %s\n", "line");
        IOLog("%d %d\n", os_log_info_enabled(log), os_log_debug_enabled(log));
        """,
        "x is 7\n% line\n1 0\n")]
    [InlineData(
        "unsigned PE_parse_boot_argn(const char *, void *, int);",
        """
        char text[8] = ""; int number = 0;
        IOLog("%d %d\n", PE_parse_boot_argn("keepsyms", &number, sizeof(number)), number);
        IOLog("%d %d\n", PE_parse_boot_argn("keep", text, sizeof(text)), PE_parse_boot_argn("debug", &number, sizeof(number)));
        """,
        "1 1\n0 0\n")]
    [InlineData(
        "unsigned long mach_absolute_time(void), mach_continuous_time(void); void clock_delay_until(unsigned long); void random_buf(void *, size_t);",
        """
        unsigned long begin = mach_absolute_time(), bytes[2] = { 0, 0 };
        clock_delay_until(begin + 2000000); random_buf(bytes, sizeof(bytes));
        IOLog("%d %d %d\n", mach_absolute_time() >= begin + 2000000, mach_continuous_time() >= begin, bytes[0] != 0 && bytes[1] != bytes[0]);
        """,
        "1 1 1\n")]
    [InlineData(
        """
        typedef void *kauth_cred_t; kauth_cred_t kauth_cred_get(void); int kauth_cred_ismember_gid(kauth_cred_t, unsigned, int *); int proc_isinferior(int, int), proc_issignal(int, unsigned), proc_selfppid(void);
        proc_t proc_self(void); int proc_rele(proc_t), proc_sessionid(proc_t), proc_original_ppid(proc_t); void proc_signal(int, int);
        """,
        """
        int yes = 7, no = 7, self = proc_selfpid(); proc_t process = proc_self();
        IOLog("%d %d", kauth_cred_ismember_gid(kauth_cred_get(), 0, &yes), kauth_cred_ismember_gid(kauth_cred_get(), 54321, &no)); IOLog(" %d %d\n", yes, no);
        IOLog("%d %d %d\n", proc_isinferior(self, proc_selfppid()), proc_isinferior(proc_selfppid(), self), proc_isinferior(self, self));
        IOLog("%d %d %d\n", proc_original_ppid(process) == proc_selfppid(), proc_sessionid(process), proc_issignal(self, -1u));
        proc_signal(self, 99); proc_signal(0, 9); proc_rele(process);
        """,
        "0 0 1 0\n1 0 0\n1 {session} 0\n")]
    [InlineData(
        """
        typedef void *mbuf_t; int mbuf_gethdr(unsigned, unsigned, mbuf_t *), mbuf_getpacket(unsigned, mbuf_t *), mbuf_allocpacket(unsigned, size_t, unsigned *, mbuf_t *), mbuf_copyback(mbuf_t, size_t, size_t, const void *, unsigned);
        int mbuf_copydata(mbuf_t, size_t, size_t, void *), mbuf_dup(mbuf_t, unsigned, mbuf_t *), mbuf_copym(mbuf_t, size_t, size_t, unsigned, mbuf_t *), mbuf_prepend(mbuf_t *, size_t, unsigned), mbuf_pullup(mbuf_t *, size_t), mbuf_setnext(mbuf_t, mbuf_t);
        void mbuf_freem(mbuf_t), mbuf_adj(mbuf_t, int), mbuf_pkthdr_setlen(mbuf_t, size_t); mbuf_t mbuf_free(mbuf_t), mbuf_next(mbuf_t); size_t mbuf_len(mbuf_t), mbuf_maxlen(mbuf_t), mbuf_pkthdr_len(mbuf_t), mbuf_trailingspace(mbuf_t), mbuf_leadingspace(mbuf_t);
        void *mbuf_data(mbuf_t); unsigned mbuf_flags(mbuf_t), mbuf_type(mbuf_t); char *strcpy(char *, const char *);
        """,
        """
        static char bytes[9000], back[9000]; mbuf_t m, n; unsigned chunks = 0, one = 1; int i;
        for (i = 0; i < 9000; i++) bytes[i] = i * 7;
        IOLog("%d", mbuf_allocpacket(0, 9000, &chunks, &m)); IOLog(" %u %lu %lu %u\n", chunks, mbuf_len(m), mbuf_pkthdr_len(m), mbuf_flags(m));
        IOLog("%d", mbuf_copyback(m, 0, 9000, bytes, 0)); IOLog(" %lu %d %d\n", mbuf_pkthdr_len(m), mbuf_copydata(m, 0, 9000, back), __builtin_memcmp(bytes, back, 9000));
        IOLog("%d\n", mbuf_copydata(m, 1, 9000, back));
        mbuf_adj(m, 10); mbuf_adj(m, -90); IOLog("%lu %d", mbuf_pkthdr_len(m), mbuf_copym(m, 5000, 100, 0, &n)); mbuf_copydata(n, 0, 100, back); IOLog(" %lu %d\n", mbuf_pkthdr_len(n), __builtin_memcmp(bytes + 5010, back, 100));
        mbuf_freem(n); IOLog("%d", mbuf_dup(m, 0, &n)); IOLog(" %lu\n", mbuf_pkthdr_len(n)); mbuf_freem(n);
        IOLog("%d", mbuf_prepend(&m, 4, 0)); mbuf_copyback(m, 0, 4, "head", 0); mbuf_copydata(m, 0, 8, back); IOLog(" %lu %.4s %d\n", mbuf_pkthdr_len(m), back, __builtin_memcmp(back + 4, bytes + 10, 4));
        IOLog("%d", mbuf_pullup(&m, 5000)); IOLog(" %lu %d\n", mbuf_len(m), __builtin_memcmp((char *)mbuf_data(m) + 4, bytes + 10, 4996)); mbuf_freem(m);
        IOLog("%d %d", mbuf_allocpacket(0, 0, NULL, &m), mbuf_allocpacket(0, 20000, &one, &m)); IOLog(" %d", mbuf_allocpacket(0, 9000, &one, &m)); IOLog(" %u\n", one); mbuf_freem(m);
        mbuf_gethdr(0, 1, &m); mbuf_getpacket(1, &n); mbuf_setnext(m, n); IOLog("%u %u %lu %d %u\n", mbuf_flags(m), mbuf_type(n), mbuf_maxlen(n), mbuf_free(m) == n, mbuf_flags(n)); mbuf_freem(n);
        """,
        "0 3 0 0 3\n0 9000 0 0\n22\n8900 0 100 0\n0 8900\n0 8904 head 0\n0 5000 0\n22 55 0 1\n2 1 2048 1 3\n")]
    public async Task Answers(string declarations, string body, string logged)
    {
        var bundle = await TestKext.BuildAsync(_folder, declarations + $"\nstatic int start(void) {{ {body} return 0; }}\nstatic int stop(void) {{ return 0; }}");
        await using var host = await RunningHost.StartAsync(build, "--check");

        var loaded = await host.LoadAsync(bundle);

        loaded.ExitCode.ShouldBe(0, loaded.Error);
        host.Log.ShouldContain(logged.Replace("{session}", Session(), StringComparison.Ordinal), Case.Sensitive, host.Log);
        var unloaded = await host.UnloadAsync();
        unloaded.ExitCode.ShouldBe(0, unloaded.Error);
    }

    /// <summary>Two threads hand a turn to each other a thousand times, asleep with each kind of lock; the sleeper wakes with it held as it was.</summary>
    [Theory]
    [InlineData("lck_mtx_lock(mutex)", "lck_mtx_unlock(mutex)", "lck_mtx_sleep(mutex, 0, &turn, 0)")]
    [InlineData("lck_mtx_lock_spin(mutex)", "lck_mtx_unlock(mutex)", "lck_mtx_sleep(mutex, 8, &turn, 0)")]
    [InlineData("lck_mtx_lock_spin(mutex)", "lck_mtx_unlock(mutex)", "msleep(&turn, mutex, 0x800, \"turn\", NULL)")]
    [InlineData("lck_rw_lock_exclusive(rw)", "lck_rw_unlock_exclusive(rw)", "lck_rw_sleep(rw, 0, &turn, 0)")]
    [InlineData("lck_rw_lock_exclusive(rw)", "lck_rw_unlock_exclusive(rw)", "lck_rw_sleep(rw, 4, &turn, 0)")]
    [InlineData("lck_spin_lock(spin)", "lck_spin_unlock(spin)", "lck_spin_sleep(spin, 0, &turn, 0)")]
    public async Task Sleeps_with_a_lock(string take, string leave, string sleep)
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            $$"""
            int lck_rw_sleep(void *, unsigned, void *, int), lck_spin_sleep(void *, unsigned, void *, int), lck_spin_sleep_deadline(void *, unsigned, void *, int, unsigned long), lck_rw_sleep_deadline(void *, unsigned, void *, int, unsigned long);
            int kernel_thread_start(void *, void *, void **); void thread_deallocate(void *); unsigned long mach_absolute_time(void);
            static void *group, *mutex, *rw, *spin; static int turn, count, done;
            static void work(void *parameter) {
                int mine = parameter != NULL;
                for (int i = 0; i < 1000; i++) {
                    {{take}};
                    while (turn != mine) {{sleep}};
                    count++; turn = !mine; wakeup(&turn);
                    {{leave}};
                }
                {{take}}; done++; wakeup(&done); {{leave}};
            }
            static int start(void) {
                void *thread;
                group = lck_grp_alloc_init("sample", NULL); mutex = lck_mtx_alloc_init(group, NULL); rw = lck_rw_alloc_init(group, NULL); spin = lck_spin_alloc_init(group, NULL);
                for (int i = 0; i < 2; i++) { kernel_thread_start(work, i ? &group : NULL, &thread); thread_deallocate(thread); }
                return 0;
            }
            static int stop(void) {
                int late[2];
                while (*(volatile int *)&done < 2) IOSleep(1);
                lck_spin_lock(spin); late[0] = lck_spin_sleep_deadline(spin, 1, &late, 0, mach_absolute_time() + 1000000);
                lck_rw_lock_shared(rw); late[1] = lck_rw_sleep_deadline(rw, 0, &late, 0, mach_absolute_time() + 1000000); lck_rw_unlock_shared(rw);
                IOLog("count %d, %d %d\n", count, late[0], late[1]);
                IOSleep(20); lck_mtx_free(mutex, group); lck_rw_free(rw, group); lck_spin_free(spin, group); lck_grp_free(group); return 0; }
            """);
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);

        var unloaded = await host.UnloadAsync();

        unloaded.ExitCode.ShouldBe(0, unloaded.Error);
        host.Log.ShouldContain("count 2000, 1 1\n");
    }

    // The one this process is in, as the hosts are that it starts; 0 in a container whose session began outside.
    private static string Session() => File.ReadAllText("/proc/self/stat").Split(") ", 2)[^1].Split(' ')[3];
}
