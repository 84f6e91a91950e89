using System.Globalization;
using KextDev.Processes;

namespace KextDev.Tests.KextHost;

/// <summary>Real programs, started under "kexthost attend": what they do is what kexts are told.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KextAttendTests(KextHostBuild build) : IDisposable
{
    /// <summary>A filter on TCP over IPv4, whose functions are the test's.</summary>
    private const string Filter = """
        struct filter { unsigned handle; int flags; char *name; void *unregistered, *attach, *detach, *notify[6], *connect_out, *bind, *others[4]; unsigned length; void *accept, *more[5]; };
        int sflt_register(const struct filter *, int, int, int); int sflt_unregister(unsigned);
        static int attached(void **cookie, void *socket) { *cookie = "?"; return 0; }
        static int present;
        static void unregistered(unsigned handle) { __sync_fetch_and_sub(&present, 1); }
        static int connecting(void *cookie, void *socket, void *to); static int binding(void *cookie, void *socket, void *to);
        static int accepted(void *cookie, void *listening, void *socket, void *local, void *remote); static void detached(void *cookie, void *socket);
        static int add_filter(void) {
            struct filter filter = { .handle = 0x100, .flags = 5, .name = "sample", .unregistered = unregistered, .attach = attached, .detach = detached,
                .connect_out = connecting, .bind = binding, .length = 56, .accept = accepted };
            present = 1;
            return sflt_register(&filter, 2, 1, 6);
        }
        static void remove_filter(void) { sflt_unregister(0x100); while (__sync_fetch_and_add(&present, 0)) IOSleep(1); }

        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [AttendFact]
    public async Task Tells_of_every_call_of_many_processes_at_once()
    {
        const int Processes = 16, Rounds = 12;
        await using var host = await LoadAsync(Filter + $$"""
            static int opened, closed, modified, executed, connects, binds, accepts, attaches, detaches, others;
            #define COUNT(what) __sync_fetch_and_add(&what, 1)
            static int begins(const char *text, const char *with) { while (*with) if (*text++ != *with++) return 0; return 1; }
            static void *listener;
            static int heard(void *credential, void *context, int action, void *vnode, const char *path, unsigned long flags) {
                if (action == 6) { if (begins(path, "{{build.Attended}}")) COUNT(executed); else COUNT(others); }
                else if (!begins(path, "{{_folder.Path}}/")) return 3;
                else if (action == 1) COUNT(opened);
                else if (flags & 2) COUNT(modified);
                else COUNT(closed);
                return 3;
            }
            static int connecting(void *cookie, void *socket, void *to) { COUNT(connects); return 0; }
            static int binding(void *cookie, void *socket, void *to) { COUNT(binds); return 0; }
            static int accepted(void *cookie, void *listening, void *socket, void *local, void *remote) { COUNT(accepts); return 0; }
            static void detached(void *cookie, void *socket) { COUNT(detaches); }
            static int start(void) { listener = kauth_listen_scope("com.apple.kauth.fileop", heard, NULL); return add_filter(); }
            static int stop(void) {
                kauth_unlisten_scope(listener); remove_filter();
                IOLog("opened %d modified %d closed %d executed %d other %d\n", opened, modified, closed, executed, others);
                IOLog("connected %d bound %d accepted %d detached %d\n", connects, binds, accepts, detaches);
                return 0;
            }
            """);

        await host.Attend(build.Attended, "many", _folder.Path, Text(Processes), Text(Rounds)).RunAsync(CancellationToken.None);

        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
        const int Each = Processes * Rounds;
        host.Log.ShouldContain($"opened {2 * Each} modified {Each} closed {2 * Each} executed {Each + 1} other 0\n");
        host.Log.ShouldContain($"connected {Each} bound {Each} accepted {Each} detached {3 * Each}\n");
        host.Reports.ShouldBeEmpty();
    }

    /// <summary>The way to the host is one of watched calls as well; and a child must not wait for a thread of its parent's.</summary>
    [AttendFact]
    public async Task Answers_whoever_signals_and_forks_disturb()
    {
        const int Children = 300;
        await using var host = await RunningHost.StartAsync(build);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));

        var result = await host.Attend(build.Disturbed, Text(Children)).RunAsync(limit.Token);

        result.Output.ShouldBe($"{Children}\n");
    }

    /// <summary>This repository's extension and its tests, which know what each program has done.</summary>
    [AttendTheory]
    [InlineData("process_events")]
    [InlineData("file_events")]
    [InlineData("socket_events")]
    public async Task Lets_osquery_see_exactly_what_programs_do(string test)
    {
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(await OsqueryKext.BuildAsync(_folder))).ExitCode.ShouldBe(0);
        var program = await KextHostBuild.OsqueryTestAsync(_folder, test);

        // A child of theirs is ended by SIGPIPE, which whoever runs these tests may have left ignored.
        var result = await host.Attend("env", "--default-signal=PIPE", program).TryRunAsync(CancellationToken.None);

        result.ExitCode.ShouldBe(0, result.Output + result.Error);
        result.Output.ShouldContain("\nok 1 ");
        (await host.UnloadAsync(OsqueryKext.Identifier)).ExitCode.ShouldBe(0);
    }

    /// <summary>Darwin's errno becomes this system's: 61 is ECONNREFUSED there.</summary>
    [AttendTheory]
    [InlineData("0", "0", "0", "bind: ok\nconnect: ok\naccept: ok\nsend: ok\n")]
    [InlineData("61", "0", "0", "bind: ok\nconnect: ECONNREFUSED\n")]
    [InlineData("0", "13", "0", "bind: EACCES\nconnect: ok\naccept: ok\nsend: ok\n")]
    [InlineData("0", "0", "53", "bind: ok\nconnect: ok\naccept: ECONNABORTED\n")]
    [InlineData("-2", "-2", "0", "bind: ok\nconnect: ok\naccept: ok\nsend: ok\n")]
    public async Task Has_a_filter_s_objection_become_the_call_s_error(string connecting, string binding, string accepting, string printed)
    {
        await using var host = await LoadAsync(Filter + $$"""
            static int connecting(void *cookie, void *socket, void *to) { return {{connecting}}; }
            static int binding(void *cookie, void *socket, void *to) { return ((unsigned char *)to)[4] == 127 ? 0 : {{binding}}; }
            static int accepted(void *cookie, void *listening, void *socket, void *local, void *remote) { return {{accepting}}; }
            static void detached(void *cookie, void *socket) { }
            static int start(void) { return add_filter(); } static int stop(void) { remove_filter(); return 0; }
            """);

        (await host.Attend(build.Attended, "sockets").RunAsync(CancellationToken.None)).Output.ShouldBe(printed);
    }

    [AttendFact]
    public async Task Interrupts_who_waits_for_a_connection_as_ever()
    {
        await using var host = await LoadAsync(Filter + """
            static int connecting(void *cookie, void *socket, void *to) { return 0; } static int binding(void *cookie, void *socket, void *to) { return 0; }
            static int accepted(void *cookie, void *listening, void *socket, void *local, void *remote) { IOLog("accepted by %d\n", proc_selfpid() > 1); return 0; }
            static void detached(void *cookie, void *socket) { }
            static int start(void) { return add_filter(); } static int stop(void) { remove_filter(); return 0; }
            """);

        var result = await host.Attend(build.Attended, "interrupted").RunAsync(CancellationToken.None);

        result.Output.ShouldBe("signal: EINTR\ntime: EAGAIN\nconnection: ok\n");
        host.Log.Split("accepted by 1\n").Length.ShouldBe(2);
    }

    [AttendFact]
    public async Task Knows_no_way_around_it()
    {
        await using var host = await RunningHost.StartAsync(build);

        var result = await host.Attend(build.Attended, "other-calls").RunAsync(CancellationToken.None);

        result.Output.ShouldBe("32-bit getpid: ENOSYS\nx32 getpid: ENOSYS\nio_uring: ENOSYS\n");
    }

    [AttendFact]
    public async Task Leaves_nobody_waiting_after_a_panic()
    {
        const int Enosys = 38;
        await using var host = await LoadAsync("""
            static int count;
            static int heard(void *credential, void *context, int action) { if (action == 1 && ++count == 100) panic("a hundred files"); return 3; }
            static int start(void) { kauth_listen_scope("com.apple.kauth.fileop", heard, NULL); return 0; } static int stop(void) { return 0; }
            """);

        var result = await host.Attend(build.Attended, "until-broken", "/etc/passwd").TryRunAsync(CancellationToken.None);

        result.ExitCode.ShouldBe(Enosys);
        (await host.PanicAsync()).ShouldContain("a hundred files");
    }

    [AttendFact]
    public async Task Starts_nothing_without_a_host()
    {
        var result = await new HostCommand(build.KextHost, ["attend", "--socket", _folder.Combine("nobody"), "--", "echo", "started"]).TryRunAsync(CancellationToken.None);

        result.ExitCode.ShouldBe(69);
        result.Output.ShouldBeEmpty();
        result.Error.ShouldStartWith("kexthost does not answer: ");
    }

    [AttendFact]
    public async Task Says_that_there_is_no_such_command()
    {
        await using var host = await RunningHost.StartAsync(build);

        var result = await host.Attend("/nonexistent/command").TryRunAsync(CancellationToken.None);

        result.ExitCode.ShouldBe(127);
        result.Error.ShouldBe("/nonexistent/command: No such file or directory\n");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<RunningHost> LoadAsync(string source)
    {
        var bundle = await TestKext.BuildAsync(_folder, source);
        var host = await RunningHost.StartAsync(build);
        var loaded = await host.LoadAsync(bundle);
        loaded.ExitCode.ShouldBe(0, loaded.Error);
        return host;
    }
}
