using KextDev.Guests;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Toolchains.Darwin;

namespace KextDev.GuestTests.Guests;

/// <summary>The embedded Darwin guest, used as a Mac is: over ssh, by macOS's own commands.</summary>
[Collection(GuestTurns.Name)]
public sealed class DarwinGuestTests : IDisposable
{
    private const string Identifier = "com.facebook.security.osquery";

    private readonly GuestPlace _place = new();

    private static GuestDefinition Definition => GuestDefinition.Find("embedded-darwin", Path.Combine(GuestPlace.Root, "vm"));

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Loads_lists_and_unloads_the_kext_that_a_Mac_would_load()
    {
        await using var guest = GuestFactory.Create(Definition, _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        var kext = await BuildAsync(Path.Combine(GuestPlace.Root, "kext", "kextdev.json"));
        await UploadAsync(endpoint, kext.BundleFolder);

        (await RunAsync(endpoint, "chown -R nobody /tmp/osquery.kext; kextload /tmp/osquery.kext")).Error.ShouldContain("authentication failure (file ownership/permissions)");
        await RunsAsync(endpoint, "chown -R root:wheel /tmp/osquery.kext && chmod -R go-w /tmp/osquery.kext && kextload /tmp/osquery.kext");
        (await RunsAsync(endpoint, $"kextstat -l -b {Identifier}")).ShouldMatch(
            $@"^    9    0 0x[0-9a-f]+ +0x[0-9a-f]+ +0x[0-9a-f]+ +{Identifier} \(1\.0\) {kext.Uuid.ToString().ToUpperInvariant()} <6 5 3 2 1>\n$");
        (await RunAsync(endpoint, "dmesg")).Output.ShouldContain($"Kext {Identifier} loaded.");
        (await File.ReadAllTextAsync(((ISerialConsole)guest).ConsoleFile)).ShouldContain($"Kext {Identifier} loaded.");
        await RunsAsync(endpoint, $"kextunload -b {Identifier}");

        var asNobody = await RunAsync(endpoint, "busybox su nobody -s /bin/sh -c 'kextload /tmp/osquery.kext; echo $?; kextunload -b x; echo $?; reboot'");
        asNobody.Output.ShouldBe("77\n77\n");
        asNobody.Error.ShouldContain("/tmp/osquery.kext failed to load - (libkern/kext) not privileged;");
        asNobody.Error.ShouldEndWith("reboot: Operation not permitted\n");
    }

    [Fact]
    public async Task Waits_for_its_ssh_servers_port_where_something_still_has_it()
    {
        const string Boot = "while :; do\n  asked=\n", Failure = "tries=$((tries + 1))";
        var init = File.ReadAllText(Definition.InitFile);
        init.ShouldContain(Boot);
        init.ShouldContain(Failure);
        init = init.Replace(Boot, $"busybox nc -ll -p 22 -e true & holder=$!\nuntil grep -q ':0016 ' /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done\n{Boot}", StringComparison.Ordinal)
            .Replace(Failure, $"{Failure}; echo 'The port is taken.'; kill $holder", StringComparison.Ordinal);
        await using var guest = GuestFactory.Create(_place.WithInit(Definition, init), _place.Site with { Cold = true });

        var endpoint = await guest.StartAsync(CancellationToken.None);

        (await RunsAsync(endpoint, "id -un")).ShouldBe("root\n");
        (await File.ReadAllTextAsync(((ISerialConsole)guest).ConsoleFile)).ShouldMatch("The port is taken[.]\r?\n(.*\n)*KEXTDEV READY ");
    }

    [Fact]
    public async Task Shows_nothing_of_the_system_below_it()
    {
        await using var guest = GuestFactory.Create(Definition with { Release = "11" }, _place.Site with { Cold = true });
        var endpoint = await guest.StartAsync(CancellationToken.None);

        (await RunsAsync(endpoint, "sw_vers")).ShouldBe("ProductName:\tmacOS\nProductVersion:\t11.7.10\nBuildVersion:\t20G1427\n");
        (await RunsAsync(endpoint, "uname -sr; sysctl -n kern.ostype; sysctl -a; dmesg; csrutil status")).ShouldNotContain("Linux");
        (await RunAsync(endpoint, "kextstat -l")).Error.ShouldStartWith("Executing: /usr/bin/kmutil showloaded --list-only\n");
        (await File.ReadAllTextAsync(((ISerialConsole)guest).ConsoleFile)).ShouldStartWith("KEXTDEV READY ");
    }

    [Fact]
    public async Task Keeps_its_nvram_over_a_reboot_and_makes_a_report_of_a_panic()
    {
        await using var guest = GuestFactory.Create(Definition, _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        await RunsAsync(endpoint, "nvram boot-args='keepsyms=1 -v' mine=%01");
        await AfterAsync(endpoint, "reboot");
        (await RunsAsync(endpoint, "sysctl -n kern.bootargs; nvram mine")).ShouldBe("keepsyms=1 -v\nmine\t%01\n");

        await UploadAsync(endpoint, (await BuildDoomedAsync()).BundleFolder);
        await using var events = ((IMachineEvents)guest).WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        var first = events.MoveNextAsync().AsTask();
        await AfterAsync(endpoint, "chown -R root:wheel /tmp/doomed.kext; kextload /tmp/doomed.kext");

        (await first).ShouldBeTrue();
        events.Current.ShouldBeOfType<MachinePanicked>();
        var report = await RunsAsync(endpoint, "cat /Library/Logs/DiagnosticReports/Kernel_*_guest.panic");
        report.ShouldContain("): as it was told\n");
        report.ShouldContain("\nBoot args: keepsyms=1 -v\n");
        report.ShouldMatch(@"\n         org\.example\.doomed\(1\.0\)\[[0-9A-F-]{36}\]@0x[0-9a-f]+->0x[0-9a-f]+\n");
        (await RunAsync(endpoint, "nvram aapl,panic-info")).ExitCode.ShouldBe(1);
        (await RunsAsync(endpoint, "ls /tmp")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Waits_for_a_debugger_after_a_panic_where_the_boot_args_ask_for_it()
    {
        await using var guest = GuestFactory.Create(Definition with { Sanitize = true }, _place.Site);
        var endpoint = await guest.StartAsync(CancellationToken.None);
        await UploadAsync(endpoint, (await BuildDoomedAsync()).BundleFolder);
        await using var events = ((IMachineEvents)guest).WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        var first = events.MoveNextAsync().AsTask();

        using var cancel = new CancellationTokenSource();
        var load = Ssh.Command(_place, endpoint, "kextload /tmp/doomed.kext").TryRunAsync(cancel.Token);

        (await first).ShouldBeTrue();
        events.Current.ShouldBeOfType<MachinePanicked>();
        var console = ((ISerialConsole)guest).ConsoleFile;
        var text = (await File.ReadAllTextAsync(console)).ReplaceLineEndings("\n");
        text.ShouldContain("panic(cpu 0 caller 0x");
        text.ShouldContain("\nloaded kexts:\norg.example.doomed\t1.0\n");
        await new ConsoleLog(console).WaitForLineAsync("Waiting for remote debugger connection.", CancellationToken.None);
        await cancel.CancelAsync();
        await load.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private async Task<Kext> BuildAsync(string manifest)
    {
        var toolchain = await KextToolchains.FindAsync(null, CancellationToken.None);
        return await new KextBuild(toolchain, _place.State.Build, _ => { }, _ => { })
            .RunAsync(Project.Load(manifest), "test", BuildConfiguration.Release, CancellationToken.None);
    }

    private Task<Kext> BuildDoomedAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_place.State.Path, "doomed")).FullName;
        File.WriteAllText(
            Path.Combine(folder, "doomed.c"),
            """
            void panic(const char *format, ...);
            int doomed_start(void *info, void *data) { panic("as it was %s\n", "told"); return 0; }
            int doomed_stop(void *info, void *data) { return 0; }
            """);
        var manifest = Path.Combine(folder, "kextdev.json");
        File.WriteAllText(
            manifest,
            """
            {
              "name": "doomed",
              "platforms": { "darwin": {
                "identifier": "org.example.doomed", "version": "1.0", "sources": ["doomed.c"], "headers": ".", "start": "doomed_start", "stop": "doomed_stop",
                "libraries": { "com.apple.kpi.libkern": "8.0.0" }, "minimumRelease": "10.9", "variants": { "test": [] } } },
              "programs": {}, "tests": []
            }
            """);
        return BuildAsync(manifest);
    }

    private Task<CommandResult> UploadAsync(GuestEndpoint endpoint, string folder)
    {
        var ssh = Ssh.Command(_place, endpoint, "");
        var options = ssh.Arguments.TakeWhile(word => word != "-p");
        return new HostCommand("scp", [.. options, "-q", "-r", "-P", $"{endpoint.Port}", folder, $"{endpoint.User}@{endpoint.Host}:/tmp/"])
            .RunAsync(CancellationToken.None);
    }

    private Task<CommandResult> RunAsync(GuestEndpoint endpoint, string command) => Command(endpoint, command).TryRunAsync(CancellationToken.None);

    // A guest that restarts forgets its connections without a word.
    private HostCommand Command(GuestEndpoint endpoint, string command)
    {
        var ssh = Ssh.Command(_place, endpoint, command);
        return new HostCommand(ssh.Program, ["-o", "ConnectTimeout=5", "-o", "ServerAliveInterval=1", .. ssh.Arguments]);
    }

    private async Task<string> RunsAsync(GuestEndpoint endpoint, string command)
    {
        var result = await RunAsync(endpoint, command);
        result.ExitCode.ShouldBe(0, result.Error);
        return result.Output;
    }

    /// <summary>Runs what restarts the guest, and returns when it has.</summary>
    private async Task AfterAsync(GuestEndpoint endpoint, string command)
    {
        var before = await RunsAsync(endpoint, "ls -i /var/run/nvram; sysctl -n kern.boottime");
        using var cancel = new CancellationTokenSource();
        var running = Command(endpoint, command).TryRunAsync(cancel.Token);
        CommandResult now;
        do
        {
            now = await RunAsync(endpoint, "ls -i /var/run/nvram; sysctl -n kern.boottime");
        }
        while (now.ExitCode != 0 || now.Output == before);

        await cancel.CancelAsync();
        await running.ContinueWith(_ => { }, TaskScheduler.Default);
    }
}
