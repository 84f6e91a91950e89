using KextDev.Bundles;
using KextDev.Tests.MachO;

namespace KextDev.Tests.KextHost;

/// <summary>Small kexts, compiled and linked as users' are.</summary>
internal static class TestKext
{
    public const string Identifier = "org.example.sample";

    public static readonly IReadOnlyDictionary<string, string> Libraries = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["com.apple.kpi.bsd"] = "13.0.0",
        ["com.apple.kpi.iokit"] = "13.0.0",
        ["com.apple.kpi.libkern"] = "13.0.0",
        ["com.apple.kpi.mach"] = "13.0.0",
    };

    /// <summary>What a source has before it: the interface that the tests' kexts use, and kmod_info with start and stop.</summary>
    private const string Prelude = """
        typedef unsigned long size_t; typedef unsigned int uint32_t; typedef struct proc *proc_t;
        #define NULL ((void *)0)
        void *IOMalloc(size_t); void IOFree(void *, size_t); void IOSleep(unsigned); void IOLog(const char *, ...); void panic(const char *, ...);
        void *_MALLOC(size_t, int, int); void _FREE(void *, int);
        void *OSMalloc_Tagalloc(const char *, uint32_t); void OSMalloc_Tagfree(void *); void *OSMalloc(uint32_t, void *); void OSFree(void *, uint32_t, void *);
        void *lck_grp_alloc_init(const char *, void *); void lck_grp_free(void *);
        void *lck_mtx_alloc_init(void *, void *); void lck_mtx_free(void *, void *); void lck_mtx_lock(void *); void lck_mtx_unlock(void *);
        void *lck_spin_alloc_init(void *, void *); void lck_spin_free(void *, void *); void lck_spin_lock(void *); void lck_spin_unlock(void *);
        void lck_mtx_lock_spin(void *); void lck_mtx_convert_spin(void *); int lck_mtx_sleep(void *, unsigned, void *, int);
        int mbuf_get(unsigned, unsigned, void **); void mbuf_setlen(void *, size_t); int ctl_enqueuedata(void *, unsigned, void *, size_t, unsigned);
        void *lck_rw_alloc_init(void *, void *); void lck_rw_free(void *, void *); void lck_rw_lock_shared(void *); void lck_rw_lock_exclusive(void *);
        void lck_rw_unlock_shared(void *); void lck_rw_unlock_exclusive(void *);
        struct timespec { long s, ns; };
        int msleep(void *, void *, int, const char *, struct timespec *); void wakeup(void *); void wakeup_one(void *);
        int copyin(unsigned long, void *, size_t); int copyout(const void *, unsigned long, size_t); int copyinstr(unsigned long, void *, size_t, size_t *);
        int proc_selfpid(void); int proc_suser(proc_t); int enodev(void);
        void *kauth_listen_scope(const char *, void *, void *); void kauth_unlisten_scope(void *);
        struct cdevsw { void *open, *close, *read, *write, *ioctl, *stop, *reset, *ttys, *select, *mmap, *strategy, *reserved[2]; int type; };
        int cdevsw_add(int, struct cdevsw *); int cdevsw_remove(int, struct cdevsw *);
        void *devfs_make_node(int, int, unsigned, unsigned, int, const char *, ...); void devfs_remove(void *);
        static int start(void) __attribute__((noinline)); static int stop(void) __attribute__((noinline));
        static int begin(void *info, void *data) { return start(); }
        static int end(void *info, void *data) { return stop(); }
        struct __attribute__((packed, aligned(4))) kmod_info {
            void *next; int version; unsigned id; char name[64]; char text[64]; int count; void *list;
            unsigned long address, size, header; int (*start)(void *, void *); int (*stop)(void *, void *);
        };
        struct kmod_info kmod_info = { .version = 1, .id = -1u, .name = "org.example.sample", .text = "1.0", .count = -1, .start = begin, .stop = end };
        #line 1 "sample.c"

        """;

    /// <summary>A device /dev/sample that answers by a function "ask" of the source's.</summary>
    public const string Device = """
        static long ask(unsigned long request, void *data);
        static int on_open(int device, int flags, int type, proc_t process) { return 0; }
        static int on_close(int device, int flags, int type, proc_t process) { IOLog("closed\n"); return 0; }
        static int on_ioctl(int device, unsigned long request, void *data, int flags, proc_t process) { return (int)ask(request, data); }
        static struct cdevsw functions; static int major; static void *node;
        static void add_device(void) {
            functions = (struct cdevsw){ .open = on_open, .close = on_close, .read = enodev, .write = enodev, .ioctl = on_ioctl, .select = enodev };
            major = cdevsw_add(-24, &functions);
            node = devfs_make_node(major << 24, 0, 0, 0, 0600, "%s", "sample");
        }
        static void remove_device(void) { devfs_remove(node); cdevsw_remove(major, &functions); }

        """;

    public const string Nothing = "static int start(void) { return 0; } static int stop(void) { return 0; }";

    /// <returns>The bundle's folder.</returns>
    public static async Task<string> BuildAsync(TemporaryFolder folder, string source, IReadOnlyDictionary<string, string>? libraries = null) =>
        Bundle(folder, await LinkAsync(folder, source), libraries ?? Libraries);

    public static async Task<byte[]> LinkAsync(TemporaryFolder folder, string source)
    {
        var file = await Clang.CompileAsync(folder, "sample.c", Prelude + source, "-Wno-incompatible-library-redeclaration");
        return LinkedKext.Link(file);
    }

    public static string Bundle(TemporaryFolder folder, byte[] executable, IReadOnlyDictionary<string, string> libraries, string version = "1.0") =>
        Bundle(folder, executable, new KextInfo("sample", Identifier, version, libraries));

    public static string Bundle(TemporaryFolder folder, byte[] executable, KextInfo info)
    {
        var parent = folder.Combine($"{Guid.NewGuid():N}");
        Directory.CreateDirectory(parent);
        KextBundle.Create(parent, info, executable);
        return Path.Combine(parent, info.Name + ".kext");
    }
}
