using System.Globalization;
using KextDev.Tests.KextHost;

namespace KextDev.Tests.DarwinGuest;

/// <summary>nvram, csrutil, sw_vers, sysctl, uname, dmesg and log, and what a start makes of a panic.</summary>
[Collection(nameof(DarwinCommands))]
public sealed class SystemCommandTests(DarwinCommands commands) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nvram_keeps_every_byte_and_prints_what_can_be_printed()
    {
        await using var system = await DarwinSystem.InstallAsync(commands);

        await system.PrintsAsync("nvram", "one=a%00b%7f%25", "two=x=y  z", "boot-args=-v debug=0x144");
        (await system.PrintsAsync("nvram", "one", "two")).ShouldBe("one\ta%00b%7f%\ntwo\tx=y  z\n");
        (await system.PrintsAsync("nvram", "-p")).Split('\n').ShouldBe(["csr-active-config\tw%00%00%00", "one\ta%00b%7f%", "two\tx=y  z", "boot-args\t-v debug=0x144", ""]);
        (await system.PrintsAsync("nvram", "-x", "-p")).ShouldContain("\t<key>one</key>\n\t<data>\n\tYQBifyU=\n\t</data>\n");

        await system.PrintsAsync("nvram", "-d", "one");
        var missing = await system.RunAsync("nvram", "one");
        (missing.ExitCode, missing.Error).ShouldBe((1, "nvram: Error getting variable - 'one': (iokit/common) data was not found\n"));
        (await system.RunAsync("nvram", "-d", "one")).Error.ShouldBe("nvram: Error deleting variable - 'one': (iokit/common) data was not found\n");

        var file = _folder.Write("variables", "# two of them\nthree  a b\nfour\t%41\n");
        await system.PrintsAsync("nvram", "-f", file);
        (await system.PrintsAsync("nvram", "three", "four")).ShouldBe("three\ta b\nfour\tA\n");

        await system.PrintsAsync("nvram", "-c");
        (await system.PrintsAsync("nvram", "-p")).ShouldBeEmpty();
        (await system.RunAsync("nvram")).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task Nvram_refuses_what_would_not_fit_and_what_SIP_protects()
    {
        await using var system = await DarwinSystem.InstallAsync(commands, "11");

        (await system.RunAsync("nvram", "big=" + new string('a', 70_000))).Error.ShouldBe("nvram: Error setting variable - 'big': (iokit/common) no space left on device\n");
        (await system.RunAsync("nvram", "aapl,panic-info=x")).ExitCode.ShouldBe(1);
        await system.RestartWithAsync("csr-active-config=%00%00%00%00");

        (await system.RunAsync("nvram", "boot-args=-v")).Error.ShouldBe("nvram: Error setting variable - 'boot-args': (iokit/common) not permitted\n");
        (await system.RunAsync("nvram", "csr-active-config=w%00%00%00")).Error.ShouldBe("nvram: Error setting variable - 'csr-active-config': (iokit/common) not permitted\n");
        await system.PrintsAsync("nvram", "mine=1", "-c");
        (await system.PrintsAsync("nvram", "-p")).ShouldBe("boot-args\tkeepsyms=1 debug=0x144\ncsr-active-config\t%00%00%00%00\n");
    }

    [Theory]
    [InlineData("w%00%00%00", "10.15", "disabled.")]
    [InlineData("%00%00%00%00", "10.15", "enabled.")]
    [InlineData("%01%00%00%00", "10.15", "unknown (Custom Configuration).")]
    [InlineData("%01%00%00%00", "10.12", "enabled (Custom Configuration).")]
    public async Task Csrutil_tells_what_the_kernel_started_with(string configuration, string release, string status)
    {
        await using var system = await DarwinSystem.InstallAsync(commands, release);
        await system.RestartWithAsync("csr-active-config=" + configuration);

        var told = await system.PrintsAsync("csrutil", "status");

        told.ShouldStartWith($"System Integrity Protection status: {status}\n");
        if (status.Contains("Custom", StringComparison.Ordinal))
        {
            told.ShouldContain("\n\nConfiguration:\n\tApple Internal: disabled\n\tKext Signing: disabled\n\tFilesystem Protections: enabled\n");
        }

        var refused = await system.RunAsync("csrutil", "disable");
        refused.ExitCode.ShouldBe(1);
        refused.Error.ShouldContain("needs to be executed from the Recovery OS.");
    }

    [Fact]
    public async Task The_consent_to_kexts_is_told_and_changed_in_Recovery_alone()
    {
        await using var system = await DarwinSystem.InstallAsync(commands);

        (await system.PrintsAsync("spctl", "kext-consent", "status")).ShouldBe("Kernel Extension User Consent: ENABLED\n");
        var refused = await system.RunAsync("spctl", "kext-consent", "disable");
        (refused.ExitCode, refused.Error).ShouldBe((1, "spctl: failed to store new configuration.\n"));
        (await system.RunAsync("spctl")).ExitCode.ShouldBe(64);
        (await system.RunAsync("spctl", "kext-consent", "whatever")).ExitCode.ShouldBe(64);
    }

    [Fact]
    public async Task The_seal_of_the_system_is_told_from_11_on()
    {
        await using var system = await DarwinSystem.InstallAsync(commands, "11");
        (await system.PrintsAsync("csrutil", "authenticated-root", "status")).ShouldBe("Authenticated Root status: enabled\n");
        await system.RestartWithAsync("csr-active-config=w%08%00%00");
        (await system.PrintsAsync("csrutil", "authenticated-root", "status")).ShouldBe("Authenticated Root status: disabled\n");

        await using var older = await DarwinSystem.InstallAsync(commands);
        (await older.RunAsync("csrutil", "authenticated-root", "status")).ExitCode.ShouldBe(64);
    }

    [Fact]
    public async Task Caches_are_rebuilt_of_a_volume_that_there_is()
    {
        await using var system = await DarwinSystem.InstallAsync(commands);

        (await system.RunAsync("kextcache")).ExitCode.ShouldBe(64);
        (await system.RunAsync("kextcache", "-invalidate", "/Volumes/none")).ExitCode.ShouldBe(71);
        if (Environment.UserName == "root")
        {
            await system.PrintsAsync("kextcache", "-invalidate", "/");
        }
    }

    [Fact]
    public async Task Each_start_has_a_time_of_its_own()
    {
        await using var system = await DarwinSystem.InstallAsync(commands);
        var first = await system.PrintsAsync("sysctl", "-n", "kern.boottime");
        first.ShouldMatch(@"^\{ sec = \d+, usec = \d+ \} ");

        await system.BootAsync();

        (await system.PrintsAsync("sysctl", "-n", "kern.boottime")).ShouldNotBe(first);
    }

    [Theory]
    [InlineData("10.9", "Mac OS X", "10.9.5", "13F1911", "13.4.0")]
    [InlineData("10.15", "Mac OS X", "10.15.7", "19H15", "19.6.0")]
    [InlineData("11", "macOS", "11.7.10", "20G1427", "20.6.0")]
    public async Task A_release_is_told_the_same_everywhere(string release, string product, string version, string build, string darwin)
    {
        await using var system = await DarwinSystem.InstallAsync(commands, release);

        (await system.PrintsAsync("sw_vers")).ShouldBe($"ProductName:\t{product}\nProductVersion:\t{version}\nBuildVersion:\t{build}\n");
        (await system.PrintsAsync("sw_vers", "-productVersion")).ShouldBe(version + "\n");
        (await system.PrintsAsync("sysctl", "-n", "kern.osrelease", "kern.osversion")).ShouldBe($"{darwin}\n{build}\n");
        (await system.PrintsAsync("uname", "-srm")).ShouldBe($"Darwin {darwin} x86_64\n");
        (await system.PrintsAsync("sysctl", "kern.version")).ShouldStartWith($"kern.version: Darwin Kernel Version {darwin}: ");
    }

    [Theory]
    [InlineData("10.9", "csrutil")]
    [InlineData("10.11", "log")]
    [InlineData("10.12", "spctl")]
    [InlineData("11", "kextcache")]
    [InlineData("10.15", "kmutil")]
    public async Task What_a_release_did_not_have_is_not_there(string release, string command)
    {
        await using var system = await DarwinSystem.InstallAsync(commands, release);

        var result = await system.RunAsync(command);

        (result.ExitCode, result.Error).ShouldBe((127, $"sh: {command}: command not found\n"));
    }

    [Fact]
    public async Task Sysctl_tells_nodes_and_refuses_to_change_the_kernels_own()
    {
        await using var system = await DarwinSystem.InstallAsync(commands);

        (await system.PrintsAsync("sysctl", "kern.bootargs")).ShouldBe("kern.bootargs: keepsyms=1 debug=0x144\n");
        (await system.PrintsAsync("sysctl", "-n", "hw.machine")).ShouldBe("x86_64\n");
        (await system.PrintsAsync("sysctl", "hw")).Split('\n').ShouldContain("hw.pagesize: 4096");
        (await system.RunAsync("sysctl", "kern.ostype=Linux")).Error.ShouldBe("sysctl: oid 'kern.ostype' is read only\n");
        (await system.RunAsync("sysctl")).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task Sysctl_reads_and_writes_what_kexts_register()
    {
        await using var system = await DarwinSystem.StartAsync(commands);
        var bundle = await TestKext.BuildAsync(
            _folder, SysctlTests.Objects + "static int start(void) { add(); return 0; } static int stop(void) { remove(); return 0; }");
        await system.PrintsAsync("kextload", bundle);

        (await system.PrintsAsync("sysctl", "sample.number", "sample.small", "sample.text")).ShouldBe("sample.number: 42\nsample.small: 4000000000\nsample.text: abc\n");
        (await system.PrintsAsync("sysctl", "sample.number=43", "sample.text=hello")).ShouldBe("sample.number: 42 -> 43\nsample.text: abc -> hello\n");
        (await system.PrintsAsync("sysctl", "-n", "sample.quad=-1")).ShouldBe("-1\n");
        (await system.PrintsAsync("sysctl", "sample")).Split('\n').ShouldContain("sample.quad: -1");
        (await system.RunAsync("sysctl", "sample.small=1")).Error.ShouldBe("sysctl: sample.small: Operation not permitted\n");
        (await system.RunAsync("sysctl", "sample.none")).Error.ShouldBe("sysctl: unknown oid 'sample.none'\n");
        (await system.PrintsAsync("sysctl", "-aN")).Split('\n').ShouldBeUnique();
        await system.PrintsAsync("kextunload", "-b", TestKext.Identifier);
        (await system.RunAsync("sysctl", "sample.number")).Error.ShouldBe("sysctl: unknown oid 'sample.number'\n");
    }

    [Fact]
    public async Task Log_shows_each_line_of_the_kernel_with_its_time()
    {
        await using var system = await DarwinSystem.StartAsync(commands);
        var bundle = await TestKext.BuildAsync(_folder, """static int start(void) { IOLog("hello %d\n", 1); return 0; } static int stop(void) { IOLog("bye\n"); return 0; }""");
        var before = DateTime.UtcNow.AddSeconds(-1);
        await system.PrintsAsync("kextload", bundle);

        var compact = await system.PrintsAsync("log", "show", "--last", "5m", "--style", "compact", "--predicate", "process == \"kernel\" AND eventMessage CONTAINS[c] \"HELLO\"");
        var lines = compact.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldBe("Timestamp               Ty Process[PID:TID]");
        lines.ShouldBe([lines[0], lines[1]]);
        lines[1].ShouldMatch(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} Df kernel\[0:65\] hello 1$");
        DateTime.Parse(lines[1][..23], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal).ShouldBeInRange(before, DateTime.UtcNow);

        (await system.PrintsAsync("log", "show", "--style", "syslog")).ShouldMatch(@"\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+0000  localhost kernel\[0\]: hello 1\n");
        (await system.PrintsAsync("log", "show", "--predicate", "processID != 0")).Split('\n').Length.ShouldBe(2);
        (await system.PrintsAsync("log", "show", "--end", "2001-01-01")).Split('\n').Length.ShouldBe(2);
        (await system.RunAsync("log", "show", "--predicate", "what is this")).Error.ShouldStartWith("log: Bad predicate (Unable to parse the format string \"what is this\")");
        (await system.PrintsAsync("dmesg")).ShouldContain("hello 1\n");
    }

    [Fact]
    public async Task A_panic_waits_in_nvram_and_becomes_a_report_at_the_next_start()
    {
        await using var system = await DarwinSystem.StartAsync(commands);
        var bundle = await TestKext.BuildAsync(_folder, """static int start(void) { panic("out of %s: 100%%\n", "luck"); return 0; } static int stop(void) { return 0; }""");

        (await system.RunAsync("kextload", bundle)).ExitCode.ShouldBe(71);
        (await system.KernelExitAsync()).ShouldBe(RunningHost.PanicExit);
        system.Reports.ShouldBeEmpty();
        (await system.PrintsAsync("nvram", "aapl,panic-info")).ShouldContain("out of luck: 100%");

        await system.BootAsync();

        var report = await File.ReadAllTextAsync(system.Reports.ShouldHaveSingleItem());
        Path.GetFileName(system.Reports[0]).ShouldMatch(@"^Kernel_\d{4}-\d\d-\d\d-\d{6}_.+\.panic$");
        report.ShouldContain("\n*** Panic Report ***\npanic(cpu 0 caller 0x");
        report.ShouldContain("): out of luck: 100%\n");
        report.ShouldContain("\nBoot args: keepsyms=1 debug=0x144\n");
        report.ShouldContain("\nMac OS version:\n19H15\n");
        (await system.RunAsync("nvram", "aapl,panic-info")).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task A_damaged_nvram_is_read_as_far_as_it_can_be()
    {
        await using var system = await DarwinSystem.InstallAsync(commands);
        await File.WriteAllBytesAsync(Path.Combine(system.Root, "var/db/nvram"), "no tab\nboot-args\tdebug=1%4\n\tnameless\nhalf\twithout an end"u8.ToArray());

        (await system.PrintsAsync("nvram", "-p")).ShouldBe("boot-args\tdebug=1%4\n");
        await system.PrintsAsync("nvram", "new=1");
        (await system.PrintsAsync("nvram", "-p")).ShouldBe("boot-args\tdebug=1%4\nnew\t1\n");
    }
}
