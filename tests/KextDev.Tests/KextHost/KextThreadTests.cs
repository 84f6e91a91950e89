namespace KextDev.Tests.KextHost;

/// <summary>What a kext has run by threads of the kernel's own.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KextThreadTests(KextHostBuild build) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Two threads count under a lock each kind of lock of IOKit's; each ends in its own way.</summary>
    [Fact]
    public async Task Runs_threads_that_a_kext_starts()
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            """
            int kernel_thread_start(void *, void *, void **); int thread_terminate(void *); void thread_deallocate(void *); void *current_thread(void);
            void *IOLockAlloc(void); void IOLockFree(void *); void IOLockLock(void *); void IOLockUnlock(void *);
            int IOLockSleep(void *, void *, unsigned); void IOLockWakeup(void *, void *, _Bool);
            void *IORecursiveLockAlloc(void); void IORecursiveLockFree(void *); void IORecursiveLockLock(void *); void IORecursiveLockUnlock(void *);
            void *IOSimpleLockAlloc(void); void IOSimpleLockFree(void *); void IOSimpleLockLock(void *); void IOSimpleLockUnlock(void *);
            static void *lock, *recursive, *simple; static int counts[2], done;
            static void work(void *parameter) {
                for (int i = 0; i < 20000; i++) {
                    IORecursiveLockLock(recursive); IORecursiveLockLock(recursive); counts[0]++; IORecursiveLockUnlock(recursive); IORecursiveLockUnlock(recursive);
                    IOSimpleLockLock(simple); counts[1]++; IOSimpleLockUnlock(simple);
                }
                IOLockLock(lock); done++; IOLockWakeup(lock, &done, 0); IOLockUnlock(lock);
                if (parameter) thread_terminate(current_thread());
            }
            static int start(void) {
                void *threads[2];
                lock = IOLockAlloc(); recursive = IORecursiveLockAlloc(); simple = IOSimpleLockAlloc();
                for (int i = 0; i < 2; i++) { if (kernel_thread_start(work, i ? &lock : NULL, &threads[i])) return 1; thread_deallocate(threads[i]); }
                return 0;
            }
            static int stop(void) {
                IOLockLock(lock); while (done < 2) IOLockSleep(lock, &done, 0); IOLockUnlock(lock);
                IOLog("%d %d\n", counts[0], counts[1]);
                IOLockFree(lock); IORecursiveLockFree(recursive); IOSimpleLockFree(simple); return 0;
            }
            """);
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);

        var unloaded = await host.UnloadAsync();

        unloaded.ExitCode.ShouldBe(0, unloaded.Error);
        host.Log.ShouldContain("40000 40000\n");
        (await host.ListAsync()).ShouldNotContain("org.example.sample");
    }

    /// <summary>Once each, though they were moved; what is cancelled does not run.</summary>
    [Fact]
    public async Task Calls_functions_later()
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            """
            void *thread_call_allocate(void *, void *); unsigned thread_call_enter1(void *, void *); unsigned thread_call_enter1_delayed(void *, void *, unsigned long);
            unsigned thread_call_cancel(void *); unsigned thread_call_free(void *); void clock_interval_to_deadline(unsigned, unsigned, unsigned long *);
            void bsd_timeout(void *, void *, struct timespec *); void bsd_untimeout(void *, void *);
            static void *group, *mutex; static int done;
            static void told(const char *who, const char *what) {
                IOLog("%s %s\n", who, what ? what : "nothing");
                lck_mtx_lock(mutex); done++; wakeup(&done); lck_mtx_unlock(mutex);
            }
            static void await(int count) { lck_mtx_lock(mutex); while (done < count) msleep(&done, mutex, 0, "sample", NULL); lck_mtx_unlock(mutex); }
            static int start(void) {
                void *first = thread_call_allocate(told, "first"), *second = thread_call_allocate(told, "second"), *third = thread_call_allocate(told, "third");
                unsigned long soon, later, never;
                group = lck_grp_alloc_init("sample", NULL); mutex = lck_mtx_alloc_init(group, NULL);
                clock_interval_to_deadline(10, 1000000, &soon); clock_interval_to_deadline(60, 1000000, &later); clock_interval_to_deadline(3600, 1000000000, &never);
                if (thread_call_enter1_delayed(third, "c", never) || !thread_call_enter1_delayed(third, "d", never)) return 1;
                if (thread_call_free(third) || !thread_call_cancel(third) || thread_call_cancel(third) || !thread_call_free(third)) return 2;
                if (thread_call_enter1_delayed(second, "b", never) || !thread_call_enter1_delayed(second, "later", later)) return 3;
                if (thread_call_enter1_delayed(first, "soon", soon)) return 4;
                await(2);
                if (thread_call_enter1(first, "at once")) return 5;
                await(3);
                bsd_timeout(told, "timeout", &(struct timespec){ 3600, 0 }); bsd_untimeout(told, "timeout");
                bsd_timeout(told, "bsd", NULL);
                await(4);
                return thread_call_free(first) && thread_call_free(second) ? 0 : 6;
            }
            static int stop(void) { IOSleep(20); lck_mtx_free(mutex, group); lck_grp_free(group); return 0; }
            """);
        await using var host = await RunningHost.StartAsync(build);
        var loaded = await host.LoadAsync(bundle);
        loaded.ExitCode.ShouldBe(0, loaded.Error);

        var unloaded = await host.UnloadAsync();

        unloaded.ExitCode.ShouldBe(0, unloaded.Error);
        host.Log.ShouldContain("first soon\n");
        host.Log.ShouldContain("second later\n");
        host.Log.ShouldContain("first at once\nbsd nothing\n");
        host.Log.ShouldNotContain("third");
    }
}
