namespace KextDev.Tests.KextHost;

/// <summary>read, write and select of a kext's device, as programs meet them.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class DeviceTransferTests(KextHostBuild build) : IDisposable
{
    /// <summary>/dev/sample holds what was written last until it is read.</summary>
    private const string Device = """
        typedef struct uio *uio_t; struct selinfo;
        int uiomove(void *, int, uio_t); long uio_resid(uio_t); long uio_offset(uio_t); int uio_rw(uio_t); int uio_isuserspace(uio_t);
        void selrecord(proc_t, struct selinfo *, void *); void selwakeup(struct selinfo *); void selthreadclear(struct selinfo *);
        static void *group, *mutex, *node; static char held[200000]; static int length, major; static long room[16];
        static int on_open(int device, int flags, int type, proc_t process) { return 0; }
        static int on_close(int device, int flags, int type, proc_t process) { return 0; }
        static int on_read(int device, uio_t uio, int flags) {
            int error = 0;
            IOLog("read %ld at %ld, %d %d, flags %x\n", uio_resid(uio), uio_offset(uio), uio_rw(uio), uio_isuserspace(uio), flags);
            lck_mtx_lock(mutex);
            while (!length && !error) error = flags & 16 ? 35 : msleep(&length, mutex, 0x100, "sample", NULL);
            if (!error) { error = uiomove(held, length, uio); length = 0; }
            lck_mtx_unlock(mutex);
            return error; }
        static int on_write(int device, uio_t uio, int flags) {
            long size = uio_resid(uio); int error;
            if (size > 200000) return 27;
            lck_mtx_lock(mutex);
            error = uiomove(held, 1, uio);
            if (!error) error = uiomove(held + 1, size - 1, uio);
            if (!error) { IOLog("wrote %ld, left %ld\n", size, uio_resid(uio)); length = size; wakeup(&length); selwakeup((struct selinfo *)room); }
            lck_mtx_unlock(mutex);
            return error; }
        static int on_select(int device, int which, void *wql, proc_t process) {
            int ready;
            lck_mtx_lock(mutex);
            ready = which == 1 ? length != 0 : length == 0;
            if (!ready) { IOLog("waits for %d\n", which); selrecord(process, (struct selinfo *)room, wql); }
            lck_mtx_unlock(mutex);
            return ready; }
        static struct cdevsw functions;
        static int start(void) {
            group = lck_grp_alloc_init("sample", NULL); mutex = lck_mtx_alloc_init(group, NULL);
            functions = (struct cdevsw){ .open = on_open, .close = on_close, .read = on_read, .write = on_write, .ioctl = enodev, .select = on_select };
            major = cdevsw_add(-24, &functions); node = devfs_make_node(major << 24, 0, 0, 0, 0600, "sample"); return 0; }
        static int stop(void) { selthreadclear((struct selinfo *)room); devfs_remove(node); cdevsw_remove(major, &functions); lck_mtx_free(mutex, group); lck_grp_free(group); return 0; }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Reads_and_writes()
    {
        await using var host = await LoadAsync();

        (await host.TalkAsync("open", "sample", "write", "hello", "read", "100", "write", "hello", "read", "2", "read", "0", "nonblock", "read", "9", "flood", "150000", "read", "200000", "flood", "200001", "bad", "5", "close"))
            .ShouldBe("open: 0\nwrite: 5\nread: hello\nwrite: 5\nread: he\nread: \nread: EAGAIN\nflood: 150000\nread: 150000 of f\nflood: EFBIG\nbad: EFAULT\nclose: 0\n");

        host.Log.ShouldContain("wrote 5, left 0\nread 100 at 5, 0 1, flags 0\nwrote 5, left 0\nread 2 at 15, 0 1, flags 0\nread 9 at 17, 0 1, flags 10\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Tells_by_select_what_is_ready()
    {
        await using var host = await LoadAsync();

        (await host.TalkAsync("open", "sample", "poll", "0", "input", "1", "write", "x", "poll", "-1", "input", "-1", "read", "9", "pipe", "input", "-1", "close"))
            .ShouldBe("open: 0\npoll: 1 out\ninput: 0\nwrite: 1\npoll: 1 in\ninput: 1 in\nread: x\ninput: 1 beside\nclose: 0\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Wakes_who_selects_and_who_reads()
    {
        await using var host = await LoadAsync();
        var reader = host.TalkCommand("open", "sample", "input", "-1", "read", "9", "read", "9", "close").RunAsync(CancellationToken.None);
        await host.UntilLogAsync("waits for 1\n");

        (await host.TalkAsync("open", "sample", "write", "one", "close")).ShouldBe("open: 0\nwrite: 3\nclose: 0\n");
        await host.UntilLogAsync("read 9 at 3");
        (await host.TalkAsync("open", "sample", "write", "two", "close")).ShouldBe("open: 0\nwrite: 3\nclose: 0\n");

        (await reader).Output.ShouldBe("open: 0\ninput: 1 in\nread: one\nread: two\nclose: 0\n");
    }

    /// <summary>In memory of the kernel's: over several pieces, forth and back.</summary>
    [Fact]
    public async Task Moves_bytes_by_a_uio_of_the_kexts_own()
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            """
            typedef struct uio *uio_t; uio_t uio_create(int, long, int, int); void uio_free(uio_t); int uio_addiov(uio_t, unsigned long, unsigned long); int uiomove(void *, int, uio_t);
            long uio_resid(uio_t); long uio_offset(uio_t); int uio_iovcnt(uio_t); unsigned long uio_curriovlen(uio_t); void uio_update(uio_t, unsigned long); uio_t uio_duplicate(uio_t);
            int uio_isuserspace(uio_t); int uio_getiov(uio_t, int, unsigned long *, unsigned long *); void uio_reset(uio_t, long, int, int);
            static char one[4] = "....", two[4] = "....";
            static int start(void) {
                unsigned long length = 0; char got[9] = "";
                uio_t copy, uio = uio_create(2, 7, 2, 0);
                IOLog("%d %d %d\n", uio_addiov(uio, (unsigned long)one, 4), uio_addiov(uio, (unsigned long)two, 4), uio_addiov(uio, 0, 1));
                IOLog("%d %ld %d %lu\n", uiomove("abcde", 5, uio), uio_resid(uio), uio_iovcnt(uio), uio_curriovlen(uio));
                copy = uio_duplicate(uio);
                IOLog("%d %ld %ld %.4s %.4s\n", uiomove("fghij", 5, copy), uio_resid(copy), uio_offset(copy), one, two);
                uio_update(uio, 2); IOLog("%ld %d %d %lu\n", uio_resid(uio), uio_isuserspace(uio), uio_getiov(uio, 0, NULL, &length), length);
                uio_reset(uio, 0, 2, 1); uio_addiov(uio, (unsigned long)one, 4); uio_addiov(uio, (unsigned long)two, 4);
                IOLog("%d %s\n", uiomove(got, 8, uio), got);
                uio_free(uio); uio_free(copy); return 0; }
            static int stop(void) { return 0; }
            """);
        await using var host = await RunningHost.StartAsync(build);

        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);

        host.Log.ShouldContain("0 0 -1\n0 3 1 3\n0 0 15 abcd efgh\n1 0 0 1\n0 abcdefgh\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    private async Task<RunningHost> LoadAsync()
    {
        var bundle = await TestKext.BuildAsync(_folder, Device);
        var host = await RunningHost.StartAsync(build);
        var loaded = await host.LoadAsync(bundle);
        loaded.ExitCode.ShouldBe(0, loaded.Error);
        return host;
    }
}
