using KextDev.Processes;

namespace KextDev.Tests.KextHost;

/// <summary>A kext's device as programs meet it, by XNU's rules.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KextDeviceTests(KextHostBuild build) : IDisposable
{
    private const string In = "0x80085301", Out = "0x40085301", Both = "0xC0085301", Nothing = "0x20005301";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The kext's answer to one request; what it leaves in its copy of the argument is printed where the request says that it comes out.</summary>
    [Theory]
    [InlineData("IOLog(\"%ld\\n\", *(long *)data); *(long *)data = 7; return 0;", In, "5", "ioctl: 5", "5\n")]
    [InlineData("IOLog(\"%ld\\n\", *(long *)data); *(long *)data = 7; return 0;", Both, "5", "ioctl: 7", "5\n")]
    [InlineData("IOLog(\"%ld\\n\", *(long *)data); *(long *)data = 7; return 0;", Out, "5", "ioctl: 7", "0\n")]
    [InlineData("IOLog(\"%ld\\n\", *(long *)data); return 0;", Nothing, "5", "ioctl: 5", "5\n")]
    [InlineData("*(long *)data = 7; return 22;", Both, "5", "ioctl: EINVAL", "")]
    [InlineData("return 35;", In, "5", "ioctl: EAGAIN", "")]
    [InlineData("char c; return copyin(*(long *)data, &c, 1);", In, "16", "ioctl: EFAULT", "")]
    [InlineData("return copyout(&node, *(long *)data, 8);", In, "16", "ioctl: EFAULT", "")]
    [InlineData("IOLog(\"%lx\\n\", request); return 0;", Both, "0", "ioctl: 0", "c0085301\n")]
    public async Task Copies_the_argument_as_the_request_says(string body, string request, string number, string printed, string logged)
    {
        await using var host = await LoadAsync(body);

        (await host.DriveAsync("open", "sample", "ioctl", request, number, "close")).ShouldBe($"open: ok\n{printed}\nclose: ok\n");

        host.Log.ShouldContain(logged);
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    /// <summary>Only the superuser may make nodes; the device works without one, and the log says what is missing.</summary>
    [Fact]
    public async Task Shows_the_device_where_the_system_keeps_its_own()
    {
        var nodes = Directory.CreateDirectory(_folder.Combine("nodes")).FullName;
        var node = Path.Combine(nodes, "sample");
        await using var host = await LoadAsync("return 0;", options: ["--nodes", nodes]);
        if (host.Log.Contains("No node for the device sample: Operation not permitted.", StringComparison.Ordinal))
        {
            Environment.IsPrivilegedProcess.ShouldBeFalse();
            File.Exists(node).ShouldBeFalse();
            return;
        }

        (await StatAsync(node)).ShouldBe("character special file 600");
        (await host.DriveAsync("open", "sample", "close")).ShouldBe("open: ok\nclose: ok\n");
        (await new HostCommand("cat", node).TryRunAsync(CancellationToken.None)).Error.ShouldContain("No such device or address");

        File.Delete(node);
        (await host.DriveAsync("open", "sample")).ShouldBe("open: ENOENT\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
        (await host.LoadAsync(Directory.EnumerateDirectories(_folder.Path, "sample.kext", SearchOption.AllDirectories).Single())).ExitCode.ShouldBe(0);
        (await StatAsync(node)).ShouldBe("character special file 600");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
        Directory.EnumerateFileSystemEntries(nodes).ShouldBeEmpty();
    }

    private static async Task<string> StatAsync(string file) =>
        (await new HostCommand("stat", "-c", "%F %a", file).RunAsync(CancellationToken.None)).Output.Trim();

    /// <summary>More of it than goes into one packet between the host and its client.</summary>
    [Fact]
    public async Task Reads_and_writes_the_memory_of_the_calling_process()
    {
        await using var host = await LoadAsync(
            """
            unsigned long where = *(unsigned long *)data; char text[16], *all = IOMalloc(100000); size_t length; int error;
            error = copyinstr(where, text, sizeof(text), &length);
            IOLog("%d %s %lu\n", error, text, length);
            error = copyinstr(where, text, 3, &length);
            IOLog("%d %lu\n", error, length);
            error = copyin(where, all, 100000);
            IOLog("%d %s %c%c\n", error, all, all[20], all[99999]);
            for (int i = 0; i < 100000; i++) all[i] = 'y';
            error = copyout(all, where + 7, 100000);
            IOFree(all, 100000);
            return error;
            """);

        (await host.DriveAsync("open", "sample", "memory", Nothing, "hello", "close")).ShouldBe("open: ok\nmemory: 100000\nclose: ok\n");

        host.Log.ShouldContain("0 hello 6\n63 3\n0 hello xx\n");
    }

    [Fact]
    public async Task Knows_no_device_that_nobody_has_made()
    {
        await using var host = await RunningHost.StartAsync(build);

        (await host.DriveAsync("open", "sample")).ShouldBe("open: ENOENT\n");
    }

    [Fact]
    public async Task Answers_ENODEV_where_the_driver_was_removed_while_open()
    {
        await using var host = await LoadAsync("remove_device(); return 0;", stop: "return 0;");

        (await host.DriveAsync("open", "sample", "ioctl", In, "1", "ioctl", In, "1", "close", "open", "sample"))
            .ShouldBe("open: ok\nioctl: 1\nioctl: ENODEV\nclose: ok\nopen: ENOENT\n");

        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    /// <summary>Asleep for 1 ms without PCATCH, then with it, where nobody wakes it.</summary>
    [Theory]
    [InlineData("0")]
    [InlineData("0x100")]
    public async Task Sleeps_until_the_time_is_over(string priority)
    {
        await using var host = await LoadAsync($"struct timespec time = {{ 0, 1000000 }}; return msleep(&node, NULL, {priority}, \"sample\", &time);");

        (await host.DriveAsync("open", "sample", "ioctl", In, "1", "close")).ShouldBe("open: ok\nioctl: EAGAIN\nclose: ok\n");
    }

    /// <summary>One program sleeps on a request, another wakes it by one; both hold the mutex meanwhile.</summary>
    [Fact]
    public async Task Wakes_who_sleeps()
    {
        await using var host = await LoadAsync(
            """
            long result = 0;
            lck_mtx_lock(mutex);
            if (*(long *)data == 1) { asleep = 1; IOLog("asleep\n"); while (asleep) result = msleep(&asleep, mutex, 0x100, "sample", NULL); }
            else { asleep = 0; wakeup(&asleep); }
            lck_mtx_unlock(mutex);
            return result;
            """);
        var sleeper = host.DriveCommand("open", "sample", "ioctl", In, "1", "close").RunAsync(CancellationToken.None);
        await host.UntilLogAsync("asleep\n");

        (await host.DriveAsync("open", "sample", "ioctl", In, "2", "close")).ShouldBe("open: ok\nioctl: 2\nclose: ok\n");

        (await sleeper).Output.ShouldBe("open: ok\nioctl: 1\nclose: ok\n");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    /// <summary>The program is killed while its request sleeps: as any signal, that ends the sleep; then the device is closed.</summary>
    [Fact]
    public async Task Interrupts_the_sleep_of_a_client_that_dies()
    {
        await using var host = await LoadAsync(
            """IOLog("asleep\n"); long result = msleep(&node, NULL, 0x100, "sample", NULL); IOLog("result %ld\n", result); return result;""");
        await using (var client = host.DriveCommand("open", "sample", "ioctl", In, "1").StreamAsync(CancellationToken.None).GetAsyncEnumerator())
        {
            (await client.MoveNextAsync()).ShouldBeTrue();
            client.Current.ShouldBe(new OutputLine("open: ok"));
            await host.UntilLogAsync("asleep\n");
        }

        await host.UntilLogAsync("result 4\n");
        await host.UntilLogAsync("closed\n");
    }

    [Fact]
    public async Task Interrupts_a_sleep_by_a_signal()
    {
        await using var host = await LoadAsync("return msleep(&node, NULL, 0x100, \"sample\", NULL);");

        (await host.DriveAsync("alarm", "open", "sample", "ioctl", In, "1", "close")).ShouldBe("open: ok\nioctl: EINTR\nclose: ok\n");
    }

    /// <summary>Copies of a descriptor are one opening; the kext hears of its end once.</summary>
    [Fact]
    public async Task Closes_when_the_last_copy_of_a_descriptor_is_closed()
    {
        await using var host = await LoadAsync("return 0;");

        (await host.DriveAsync("open", "sample", "copy", "close", "ioctl", In, "3", "close")).ShouldBe("open: ok\nclose: ok\nioctl: 3\nclose: ok\n");

        host.Log.Split("closed\n").Length.ShouldBe(2);
    }

    [Fact]
    public async Task Reports_threads_that_are_inside_when_a_kext_is_unloaded()
    {
        await using var host = await LoadAsync("IOLog(\"asleep\\n\"); return msleep(&node, NULL, 0, \"sample\", NULL);");
        await using var client = host.DriveCommand("open", "sample", "ioctl", In, "1").StreamAsync(CancellationToken.None).GetAsyncEnumerator();
        (await client.MoveNextAsync()).ShouldBeTrue();
        await host.UntilLogAsync("asleep\n");

        var result = await host.UnloadAsync();

        result.ExitCode.ShouldBe(4);
        result.Error.ShouldContain("left behind: 1 thread(s) that are still in its callbacks");
    }

    private async Task<RunningHost> LoadAsync(
        string body, string stop = "remove_device(); lck_mtx_free(mutex, group); lck_grp_free(group); return 0;", params IEnumerable<string> options)
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            "static void *group, *mutex; static int asleep;\n" + TestKext.Device
            + $"static long ask(unsigned long request, void *data) {{ {body} }}\n"
            + "static int start(void) { add_device(); " + (stop.Contains("mutex", StringComparison.Ordinal)
                ? "group = lck_grp_alloc_init(\"sample\", NULL); mutex = lck_mtx_alloc_init(group, NULL);"
                : "") + " return 0; }\n"
            + $"static int stop(void) {{ {stop} }}\nvoid *used[] = {{ &group, &mutex, &asleep }};");
        var host = await RunningHost.StartAsync(build, options);
        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);
        return host;
    }
}
