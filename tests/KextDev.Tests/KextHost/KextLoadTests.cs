using System.Text;
using KextDev.Bundles;
using KextDev.Processes;

namespace KextDev.Tests.KextHost;

/// <summary>Loading and unloading, and what is refused: in the words of kxld and OSKext.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KextLoadTests(KextHostBuild build) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Loads_a_kext_runs_it_lists_it_and_unloads_it()
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            """
            static const char *words[] = { "begun", "ended" };
            static int start(void) { IOLog("sample has %s\n", words[0]); return 0; }
            static int stop(void) { IOLog("sample has %s as %s %s\n", words[1], kmod_info.name, kmod_info.text); return 0; }
            """);
        await using var host = await RunningHost.StartAsync(build);

        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);
        host.Log.ShouldContain("sample has begun\n");
        (await host.ListAsync()).ShouldContain("org.example.sample (1.0) ");
        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);

        var unloaded = await host.UnloadAsync();
        unloaded.ExitCode.ShouldBe(0, unloaded.Error);
        host.Log.ShouldContain("sample has ended as org.example.sample 1.0\n");
        (await host.ListAsync()).ShouldNotContain("org.example.sample");
        (await host.UnloadAsync()).ExitCode.ShouldBe(1);
        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);
        host.Reports.ShouldBeEmpty();
    }

    [Fact]
    public async Task Lists_every_symbol_that_nobody_offers()
    {
        var bundle = await TestKext.BuildAsync(
            _folder,
            "void highbit(void); void lowbit(void); static int start(void) { highbit(); lowbit(); IOSleep(0); return 0; } static int stop(void) { return 0; }");

        await RefusesAsync(
            bundle,
            """
            (kernel) kxld[org.example.sample]: The following symbols are unresolved for this kext:
            (kernel) kxld[org.example.sample]: 	_highbit
            (kernel) kxld[org.example.sample]: 	_lowbit
            (kernel) Can't load kext org.example.sample - link failed.
            (kernel) Failed to load executable for kext org.example.sample.
            (kernel) Kext org.example.sample failed to load (0xdc008016).
            (kernel) Failed to load kext org.example.sample (error 0xdc008016).
            """);
    }

    [Fact]
    public async Task Resolves_only_what_a_library_of_the_plist_exports()
    {
        var libraries = new Dictionary<string, string>(TestKext.Libraries, StringComparer.Ordinal);
        libraries.Remove("com.apple.kpi.iokit");
        var bundle = await TestKext.BuildAsync(
            _folder, "static int start(void) { IOSleep(0); return 0; } static int stop(void) { return 0; }", libraries);

        await RefusesAsync(bundle, "kxld[org.example.sample]: \t_IOSleep\n", "(libkern/kext) link error");
    }

    [Theory]
    [InlineData("com.apple.kpi.bsd", "99.0", "library kext com.apple.kpi.bsd not compatible with requested version 99.0.")]
    [InlineData("com.apple.kpi.bsd", "1.0", "library kext com.apple.kpi.bsd not compatible with requested version 1.0.")]
    [InlineData("org.example.other", "1.0", "library kext org.example.other not found.")]
    [InlineData("com.apple.kpi.private", "13.0", "com.apple.kpi.private is for Apple's own kexts.")]
    public async Task Refuses_a_library_that_it_has_not(string library, string version, string text)
    {
        var libraries = new Dictionary<string, string>(StringComparer.Ordinal) { [library] = version };

        await RefusesAsync(await TestKext.BuildAsync(_folder, TestKext.Nothing, libraries), text, "(libkern/kext) dependency resolution failure");
    }

    [Fact]
    public async Task Refuses_a_kext_without_libraries() =>
        await RefusesAsync(await TestKext.BuildAsync(_folder, TestKext.Nothing, new Dictionary<string, string>(StringComparer.Ordinal)), "it has no library dependencies.");

    [Fact]
    public async Task Refuses_a_kext_without_kmod_info()
    {
        var executable = await TestKext.LinkAsync(_folder, TestKext.Nothing);
        Replace(executable, "_kmod_info\0", "_kmod_imfo\0");

        await RefusesAsync(TestKext.Bundle(_folder, executable, TestKext.Libraries), "The kext is missing its kmod_info structure.");
    }

    [Theory]
    [InlineData(0, 0xfeedfaceu, "The Mach-O file is malformed: Invalid magic number: 0xfeedface.")]
    [InlineData(4, 0x0100000cu, "no code for architecture x86_64.")]
    [InlineData(12, 2u, "The Mach-O filetype 0x2 is not supported on the target architecture.")]
    [InlineData(16, 1000u, "The Mach-O file has been truncated.")]
    [InlineData(32, 0x80000028u, "Invalid load command type in MH_KEXT_BUNDLE kext: 2147483688.")]
    public async Task Refuses_a_header_that_is_wrong(int offset, uint value, string text)
    {
        var executable = await TestKext.LinkAsync(_folder, TestKext.Nothing);
        BitConverter.TryWriteBytes(executable.AsSpan(offset), value).ShouldBeTrue();

        await RefusesAsync(TestKext.Bundle(_folder, executable, TestKext.Libraries), text);
    }

    [Fact]
    public async Task Unloads_a_kext_that_did_not_start_without_stopping_it()
    {
        var bundle = await TestKext.BuildAsync(
            _folder, "static int start(void) { return 5; } static int stop(void) { panic(\"stopped\"); return 0; }");
        await using var host = await RunningHost.StartAsync(build);

        var result = await host.LoadAsync(bundle);

        result.ExitCode.ShouldBe(71);
        result.Error.ShouldContain("(kernel) Kext org.example.sample did not start (return code 0x5).\n");
        result.Error.ShouldContain("(kernel) Failed to load kext org.example.sample (error 0xdc008017).\n");
        result.Error.ShouldContain("sample.kext failed to load - (libkern/kext) kext (kmod) start/stop routine failed; check");
        (await host.ListAsync()).ShouldNotContain("org.example.sample");
    }

    [Fact]
    public async Task Keeps_a_kext_that_refuses_to_stop()
    {
        var bundle = await TestKext.BuildAsync(
            _folder, "static int asked; static int start(void) { return 0; } static int stop(void) { return asked++ ? 0 : 5; }");
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(bundle)).ExitCode.ShouldBe(0);

        var refused = await host.UnloadAsync();

        refused.ExitCode.ShouldBe(11);
        refused.Error.ShouldContain("(kernel) Kext org.example.sample did not stop (return code 0x5).\n");
        refused.Error.ShouldContain("(kernel) Kext org.example.sample can't unload - module stop returned 0xdc008017.\n");
        (await host.ListAsync()).ShouldContain("org.example.sample");
        (await host.UnloadAsync()).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Refuses_another_build_of_what_is_loaded()
    {
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(await TestKext.BuildAsync(_folder, TestKext.Nothing))).ExitCode.ShouldBe(0);

        var result = await host.LoadAsync(await TestKext.BuildAsync(_folder, "static int start(void) { return 0; } static int stop(void) { return 1; }"));

        result.ExitCode.ShouldBe(71);
        result.Error.ShouldContain("a different UUID is already loaded.");
        result.Error.ShouldContain("(libkern/kext) different version/uuid already loaded");
    }

    /// <summary>A file cut anywhere, and one with any word changed, is loadable or refused; it neither crashes the host nor hangs it.</summary>
    [Fact]
    public async Task Survives_malformed_files()
    {
        var whole = await TestKext.LinkAsync(_folder, TestKext.Nothing + "int (*table[2])(void) = { start, stop }; void IOSleep(unsigned); void *other = IOSleep;");
        var bundle = TestKext.Bundle(_folder, whole, TestKext.Libraries);
        var executable = Path.Combine(bundle, "Contents", "MacOS", "sample");
        var random = new Random(7);

        for (var round = 0; round < 200; round++)
        {
            var file = (byte[])whole.Clone();
            if (round % 4 == 0)
            {
                file = file[..random.Next(file.Length)];
            }
            else
            {
                var header = round % 2 == 0;
                var offset = 4 * (header ? random.Next(400) : random.Next(whole.Length / 4));
                uint[] values = [0, 1, 0x7fffffff, 0x80000000, uint.MaxValue, (uint)random.Next()];
                BitConverter.TryWriteBytes(file.AsSpan(offset), values[random.Next(values.Length)]).ShouldBeTrue();
            }

            await File.WriteAllBytesAsync(executable, file);
            var result = await new HostCommand(build.KextHost, "check", bundle).TryRunAsync(CancellationToken.None);
            result.ExitCode.ShouldBeOneOf([0, 71], $"round {round}: {result.Error}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("<plist")]
    [InlineData("<plist version=\"1.0\"><dict><key>CFBundleIdentifier</key></dict></plist>")]
    [InlineData("<plist version=\"1.0\"><dict><key>a</key><string>&nope;</string></dict></plist>")]
    [InlineData("<plist version=\"1.0\"><array/></plist>")]
    public async Task Refuses_a_malformed_plist(string plist)
    {
        var bundle = await TestKext.BuildAsync(_folder, TestKext.Nothing);
        await File.WriteAllTextAsync(Path.Combine(bundle, "Contents", "Info.plist"), plist);

        await RefusesAsync(bundle, "(libkern/kext) malformed kext (bundle layout/missing plist)");
    }

    /// <summary>What is offered is what kernels of that time export, by that KPI.</summary>
    [Fact]
    public async Task Offers_nothing_that_no_kernel_has()
    {
        var offered = await new HostCommand(build.KextHost, "kpi").RunAsync(CancellationToken.None);
        var symbols = offered.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).ToList();

        symbols.Count.ShouldBeGreaterThan(150);
        symbols.Where(symbol => !KpiSymbols.Shipped.Find(symbol[0]).Any(known =>
                known.Kpi == symbol[1] && KpiSymbols.Shipped.Presence(known, MacRelease.All.Single(release => release.Name == "10.15")) == KpiPresence.Always))
            .Select(symbol => string.Join(" of ", symbol)).ShouldBeEmpty();
        symbols.Select(symbol => symbol[0]).ShouldBeUnique();
    }

    private async Task RefusesAsync(string bundle, params string[] texts)
    {
        await using var host = await RunningHost.StartAsync(build);

        var result = await host.LoadAsync(bundle);

        result.ExitCode.ShouldBe(71, result.Error);
        foreach (var text in texts)
        {
            result.Error.ShouldContain(text);
        }

        host.Reports.ShouldBeEmpty();
    }

    private static void Replace(Span<byte> file, string old, string @new)
    {
        var (from, to) = (Encoding.ASCII.GetBytes(old), Encoding.ASCII.GetBytes(@new));
        file.IndexOf(from).ShouldBePositive();
        while (file.IndexOf(from) is >= 0 and var at)
        {
            to.CopyTo(file[at..]);
        }
    }
}
