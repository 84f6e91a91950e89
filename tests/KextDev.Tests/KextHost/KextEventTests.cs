namespace KextDev.Tests.KextHost;

/// <summary>What kexts register for, by the rules of kauth, the MAC framework and the socket filters.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KextEventTests(KextHostBuild build) : IDisposable
{
    private const string Declarations = """
        struct policy { const char *name, *full; void *labels; unsigned count; const void *functions; int flags; int *slot; int kernels; void *list, *data; };
        int mac_policy_register(struct policy *, unsigned *, void *); int mac_policy_unregister(unsigned);
        struct filter { unsigned handle; int flags; char *name; void *unregistered, *attach, *detach, *notify[6], *connect_out, *bind, *others[4]; unsigned length; void *accept, *more[5]; };
        int sflt_register(const struct filter *, int, int, int); int sflt_unregister(unsigned);
        _Static_assert(sizeof(struct policy) == 80 && sizeof(struct filter) == 192, "as the kernel has them");

        """;

    private static readonly Dictionary<string, string> Libraries = new(TestKext.Libraries, StringComparer.Ordinal) { ["com.apple.kpi.dsep"] = "13.0.0" };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Tells_every_listener_of_a_file_in_the_thread_that_did_it()
    {
        await using var host = await LoadAsync("""
            static void *listeners[15]; static int heads;
            static int heard(void *credential, void *context, int action, void *vnode, const char *path, unsigned long flags) {
                IOLog("%d of %s, %lu, by %d\n", action, path, flags, proc_selfpid() > 1); return 3;
            }
            static int start(void) {
                while (heads < 15) listeners[heads++] = kauth_listen_scope("com.apple.kauth.fileop", heard, NULL);
                return listeners[14] == NULL || kauth_listen_scope("com.apple.kauth.fileop", heard, NULL) != NULL;
            }
            static int stop(void) { while (heads) kauth_unlisten_scope(listeners[--heads]); return 0; }
            """);

        await host.DriveAsync("opened", "/a", "closed", "/b", "modified", "/c", "execute", "/d");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
        await host.DriveAsync("opened", "/e");

        foreach (var line in (string[])["1 of /a, 0, by 1\n", "2 of /b, 0, by 1\n", "2 of /c, 2, by 1\n", "6 of /d, 0, by 1\n"])
        {
            host.Log.Split(line).Length.ShouldBe(16, line);
        }

        host.Log.ShouldNotContain("/e");
    }

    [Fact]
    public async Task Asks_a_policy_about_executions_and_waits_for_it_to_leave()
    {
        await using var host = await LoadAsync("""
            static int slow(void) { IOSleep(1); return 1; }
            static int update(void *old, void *new, proc_t process, void *vnode) { static int told; if (!told++) IOLog("updated\n"); return 0; }
            static void *functions[335]; static unsigned handle; static int gone;
            static struct policy policy = { .name = "sample", .full = "A sample", .functions = functions, .flags = 2 };
            static int check(void) { if (gone) panic("asked after its end"); return slow(); }
            static int start(void) {
                functions[48 / 8] = check; functions[144 / 8] = update;
                return mac_policy_register(&policy, &handle, NULL) || mac_policy_register(&policy, &handle, NULL) != 17;
            }
            static int stop(void) { int error = mac_policy_unregister(handle); gone = 1; return error || mac_policy_unregister(handle); }
            """);
        var events = host.DriveAsync("threads", "8", "100", "execute", "/a");

        (await host.UnloadAsync()).ExitCode.ShouldBe(0);

        (await events).ShouldBe("threads: ok\n");
        (await host.DriveAsync("execute", "/a")).ShouldBe("execute: ok\n");
        host.Reports.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(".full = \"A sample\", .functions = functions", "policy's name is not set\n")]
    [InlineData(".name = \"sample\", .functions = functions", "policy's full name is not set\n")]
    [InlineData(".name = \"sample\", .full = \"A sample\"", "policy's OPs field is NULL\n")]
    public async Task Panics_over_a_policy_that_lacks_something(string members, string text)
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            Declarations + $$"""
            static void *functions[335]; static unsigned handle; static struct policy policy = { {{members}} };
            static int start(void) { functions[0] = NULL; return mac_policy_register(&policy, &handle, NULL); } static int stop(void) { return 0; }
            """,
            Libraries);
        await using var host = await RunningHost.StartAsync(build);

        await host.LoadAsync(bundle);

        (await host.PanicAsync()).ShouldContain(text);
    }

    /// <summary>Two filters on one socket: the one registered last is asked first, and what it says ends it; EJUSTRETURN ends it as a success.</summary>
    [Theory]
    [InlineData("0", "connect: ok", "second\nfirst\n")]
    [InlineData("61", "connect: ECONNREFUSED", "second\n")]
    [InlineData("-2", "connect: ok", "second\n")]
    public async Task Asks_the_filters_of_a_socket(string answer, string printed, string logged)
    {
        await using var host = await LoadAsync($$"""
            static int attached(void **cookie, void *socket) { *cookie = "?"; return 0; }
            static void detached(void *cookie, void *socket) { IOLog("detached\n"); }
            static int present; static void unregistered(unsigned handle) { __sync_fetch_and_sub(&present, 1); IOLog("unregistered %x\n", handle); }
            static int first(void *cookie, void *socket, void *to) { IOLog("first\n"); return 0; }
            static int second(void *cookie, void *socket, void *to) { IOLog("second\n"); return {{answer}}; }
            static struct filter filter = { .handle = 0x100, .flags = 1, .name = "sample", .unregistered = unregistered, .attach = attached, .detach = detached };
            static int start(void) {
                if (sflt_register(&filter, 1, 1, 6) != 45 || sflt_register(&filter, 2, 1, 17) != 2) return 1;
                filter.connect_out = first;
                if (sflt_register(&filter, 2, 1, 6) || sflt_register(&filter, 2, 1, 6) != 17) return 2;
                filter.handle++; filter.connect_out = second; present = 2;
                return sflt_register(&filter, 2, 1, 6);
            }
            static int stop(void) {
                if (sflt_unregister(0x100) || sflt_unregister(0x101)) return 1;
                while (__sync_fetch_and_add(&present, 0)) IOSleep(1);
                IOSleep(10);
                return sflt_unregister(0x100) != 2;
            }
            """);

        (await host.DriveAsync("socket", "connect")).ShouldBe($"socket: ok\n{printed}\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);

        host.Log.ShouldContain("now started.\nKext org.example.sample loaded.\n" + logged);
        host.Log.Split("second\n").Length.ShouldBe(2);
        host.Log.Split("detached\n").Length.ShouldBe(3);
        host.Log.ShouldContain("unregistered 100\n");
        host.Log.ShouldContain("unregistered 101\n");
    }

    /// <summary>It lets go of the socket while it is asked about it: nobody waits, and it is asked no more.</summary>
    [Fact]
    public async Task Detaches_a_filter_from_one_socket()
    {
        await using var host = await LoadAsync("""
            int sflt_detach(void *, unsigned);
            static int attached(void **cookie, void *socket) { IOLog("attached\n"); return 0; }
            static void detached(void *cookie, void *socket) { IOLog("detached\n"); }
            static int gone; static void unregistered(unsigned handle) { __sync_fetch_and_add(&gone, 1); }
            static int connecting(void *cookie, void *socket, void *to) { IOLog("connecting %d %d %d\n", sflt_detach(socket, 0x100), sflt_detach(socket, 0x777), sflt_detach(NULL, 0x100)); return 0; }
            static struct filter filter = { .handle = 0x100, .flags = 1, .name = "sample", .unregistered = unregistered, .attach = attached, .detach = detached, .connect_out = connecting };
            static int start(void) { return sflt_register(&filter, 2, 1, 6); }
            static int stop(void) { if (sflt_unregister(0x100)) return 1; while (!__sync_fetch_and_add(&gone, 0)) IOSleep(1); IOSleep(10); return 0; }
            """);

        (await host.DriveAsync("socket", "connect", "connect", "socket", "connect")).ShouldBe("socket: ok\nconnect: ok\nconnect: ok\nsocket: ok\nconnect: ok\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);

        host.Log.Split("attached\n").Length.ShouldBe(3);
        host.Log.Split("detached\n").Length.ShouldBe(3);
        host.Log.Split("connecting 0 0 22\n").Length.ShouldBe(3);
    }

    private async Task<RunningHost> LoadAsync(string source)
    {
        var bundle = await TestKext.BuildAsync(_folder, Declarations + source, Libraries);
        var host = await RunningHost.StartAsync(build);
        var loaded = await host.LoadAsync(bundle);
        loaded.ExitCode.ShouldBe(0, loaded.Error);
        return host;
    }
}
