using KextDev.Processes;
using KextDev.Tests.KextHost;

namespace KextDev.Tests.DarwinGuest;

/// <summary>kextload, kextunload, kextstat, kextutil and kmutil, as each release of macOS has them.</summary>
[Collection(nameof(DarwinCommands))]
public sealed class KextCommandTests(DarwinCommands commands) : IDisposable
{
    private const string See = "; check the system/kernel logs for errors or try kextutil(8).\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kextload_is_silent_when_it_succeeds_and_says_more_when_it_is_asked_to()
    {
        await using var system = await DarwinSystem.StartAsync(commands);
        var bundle = await BuildAsync(TestKext.Nothing);

        Check(await system.RunAsync("kextload", bundle), 0, "", "");
        Check(await system.RunAsync("kextload", "-v", bundle), 0, $"Requesting load of {bundle}.\n{bundle} loaded successfully (or already loaded).\n", "");
        Check(await system.RunAsync("kextunload", "-v", bundle), 0, $"{bundle} unloaded and personalities removed.\n", "");
        Check(await system.RunAsync("kextload", "-v", "6", bundle), 0, $"Requesting load of {bundle}.\n{bundle} loaded successfully (or already loaded).\n", "");
        Check(await system.RunAsync("kextunload", "-b", TestKext.Identifier), 0, "", "");
    }

    [Theory]
    [InlineData("10.9", 0, "")]
    [InlineData("10.10", 71, "(libkern/kext) not loadable (reason unspecified)")]
    [InlineData("10.12", 71, "(libkern/kext) not loadable (reason unspecified)")]
    [InlineData("10.13", 27, "(libkern/kext) system policy prevents loading")]
    [InlineData("10.15", 27, "(libkern/kext) system policy prevents loading")]
    public async Task A_kext_that_nobody_signed_needs_the_systems_leave(string release, int exitCode, string why)
    {
        await using var system = await DarwinSystem.StartAsync(commands, release);
        var bundle = await BuildAsync(TestKext.Nothing);
        await system.PrintsAsync("nvram", "csr-active-config=%00%00%00%00", "boot-args=keepsyms=1");
        (await system.RunAsync("kextload", bundle)).ExitCode.ShouldBe(0, "nvram holds from the next start on");
        await system.PrintsAsync("kextunload", bundle);
        await system.BootAsync();

        Check(await system.RunAsync("kextload", bundle), exitCode, "", exitCode == 0 ? "" : $"{bundle} failed to load - {why}{See}");
        (await system.RunAsync("kextload", "-q", bundle)).Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_kext_that_others_may_write_to_is_refused()
    {
        await using var system = await DarwinSystem.StartAsync(commands, "10.15");
        var bundle = await BuildAsync(TestKext.Nothing);
        var plist = Path.Combine(bundle, "Contents", "Info.plist");
        File.SetUnixFileMode(plist, File.GetUnixFileMode(plist) | UnixFileMode.GroupWrite);

        var refused = await system.RunAsync("kextload", bundle);

        refused.ExitCode.ShouldBe(71);
        refused.Error.ShouldMatch(
            $@"^Kext rejected due to improper filesystem permissions: <OSKext 0x[0-9a-f]+ \[0x[0-9a-f]+\]> {{ URL = ""file://{bundle}/"", ID = ""org\.example\.sample"" }}\n");
        refused.Error.ShouldEndWith($"{bundle} failed to load - (libkern/kext) authentication failure (file ownership/permissions){See}");

        var diagnosed = await system.RunAsync("kextutil", "-nt", bundle);
        diagnosed.ExitCode.ShouldBe(4);
        diagnosed.Error.ShouldContain($"Diagnostics for {bundle}:\nAuthentication Failures: \n    File owner/permissions are incorrect (must be root:wheel, nonwritable by group/other): \n");
    }

    [Fact]
    public async Task Kextload_fails_in_one_line_and_the_kernel_says_the_rest()
    {
        await using var system = await DarwinSystem.StartAsync(commands);
        var bundle = await BuildAsync("void highbit(void); static int start(void) { highbit(); return 0; } static int stop(void) { return 0; }");

        Check(await system.RunAsync("kextload", bundle), 71, "", $"{bundle} failed to load - (libkern/kext) link error{See}");
        (await system.PrintsAsync("dmesg")).ShouldContain("kxld[org.example.sample]: The following symbols are unresolved for this kext:\nkxld[org.example.sample]: \t_highbit\n");
        Check(await system.RunAsync("kextload", "/nowhere.kext"), 71, "", $"/nowhere.kext failed to load - (libkern/kext) not found{See}");
        Check(await system.RunAsync("kextload", "-b", "org.example.nobody"), 71, "", $"org.example.nobody failed to load - (libkern/kext) not found{See}");
        (await system.RunAsync("kextload")).ExitCode.ShouldBe(64);
        (await system.RunAsync("kextload", "--nonsense")).ExitCode.ShouldBe(64);
    }

    [Fact]
    public async Task A_kext_of_another_version_must_go_first()
    {
        await using var system = await DarwinSystem.StartAsync(commands);
        var executable = await TestKext.LinkAsync(_folder, TestKext.Nothing);
        var newer = TestKext.Bundle(_folder, executable, TestKext.Libraries, "1.1");
        await new HostCommand("chmod", "-R", "go-w", _folder.Path).RunAsync(CancellationToken.None);
        await system.PrintsAsync("kextload", TestKext.Bundle(_folder, executable, TestKext.Libraries));

        Check(await system.RunAsync("kextload", newer), 71, "", $"{newer} failed to load - (libkern/kext) different version/uuid already loaded{See}");
    }

    [Theory]
    [InlineData("-r")]
    [InlineData("-d")]
    [InlineData("")]
    public async Task A_library_that_is_found_is_loaded_first(string option)
    {
        await using var system = await DarwinSystem.StartAsync(commands);
        var library = await BuildAsync(TestKext.Nothing);
        var user = await BuildAsync(TestKext.Nothing, new Dictionary<string, string>(TestKext.Libraries, StringComparer.Ordinal) { [TestKext.Identifier] = "1.0" });
        await EditAsync(user, $"<string>{TestKext.Identifier}</string>", "<string>org.example.user</string>");
        await EditAsync(library, "<key>CFBundleVersion</key>", "<key>OSBundleCompatibleVersion</key><string>1.0</string><key>CFBundleVersion</key>");
        if (option.Length == 0)
        {
            Directory.CreateSymbolicLink(Path.Combine(system.Root, "Library/Extensions/library.kext"), library);
        }

        await system.PrintsAsync("kextload", option switch { "-r" => ["-r", Path.GetDirectoryName(library)!, user], "-d" => ["-d", library, user], _ => [user] });

        (await system.PrintsAsync("kextstat", "-l", "-b", TestKext.Identifier)).ShouldMatch("^    9    1 ");
        (await system.PrintsAsync("kextstat", "-l", "-b", "org.example.user")).ShouldMatch("^   10    0 .* <9 6 5 3 1>\n$");
        var used = await system.RunAsync("kextunload", "-b", TestKext.Identifier);
        used.ExitCode.ShouldBe(11);
        used.Error.ShouldEndWith($"Failed to unload {TestKext.Identifier} - (libkern/kext) kext is in use or retained (cannot unload).\n");
        await system.PrintsAsync("kextunload", "-b", "org.example.user", "-b", TestKext.Identifier);
    }

    [Fact]
    public async Task Kextutil_shows_what_the_kernel_said()
    {
        await using var system = await DarwinSystem.StartAsync(commands, "10.12");
        var bundle = await BuildAsync("void highbit(void); static int start(void) { highbit(); return 0; } static int stop(void) { return 0; }");

        Check(
            await system.RunAsync("kextutil", bundle),
            6,
            "",
            $"""
            kext signature failure override allowing invalid signature -67062 0xFFFFFFFFFFFEFA0A for kext "{bundle}"
            (kernel) Loading kext org.example.sample.
            (kernel) kxld[org.example.sample]: The following symbols are unresolved for this kext:
            (kernel) kxld[org.example.sample]: {'\t'}_highbit
            (kernel) Can't load kext org.example.sample - link failed.
            (kernel) Failed to load executable for kext org.example.sample.
            (kernel) Kext org.example.sample failed to load (0xdc008016).
            (kernel) Failed to load kext org.example.sample (error 0xdc008016).
            Failed to load {bundle} - (libkern/kext) link error.
            Check library declarations for your kext with kextlibs(8).

            """);
    }

    [Fact]
    public async Task Kextutil_tests_without_a_kernel()
    {
        await using var system = await DarwinSystem.InstallAsync(commands);
        var bundle = await BuildAsync(TestKext.Nothing);
        var missing = await BuildAsync(TestKext.Nothing, new Dictionary<string, string>(StringComparer.Ordinal) { ["org.example.nobody"] = "1.0" });

        (await system.PrintsAsync("kextutil", "-n", bundle)).ShouldBe(
            $"Defaulting to kernel file '/System/Library/Kernels/kernel'\n{bundle} appears to be loadable (including linkage for on-disk libraries).\n");
        var refused = await system.RunAsync("kextutil", "-nt", missing);
        refused.ExitCode.ShouldBe(4);
        refused.Error.ShouldContain("Dependency Resolution Failures: \n    Kext org.example.sample - library kext org.example.nobody not found.\n");
        (await system.RunAsync("kextutil", "-n", "/nowhere.kext")).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task Kextutil_tells_of_the_systems_policy()
    {
        await using var system = await DarwinSystem.StartAsync(commands, "10.13");
        var bundle = await BuildAsync(TestKext.Nothing);
        await system.RestartWithAsync("csr-active-config=%10%00%00%00");

        Check(
            await system.RunAsync("kextutil", bundle),
            27,
            $"{bundle} appears to be loadable (not including linkage for on-disk libraries).\n",
            "System policy prevents loading the kernel extension.\n");
    }

    [Fact]
    public async Task Kextunload_tells_why_a_kext_stays()
    {
        await using var system = await DarwinSystem.StartAsync(commands);
        var bundle = await BuildAsync("static int start(void) { return 0; } static int stop(void) { return 5; }");
        await system.PrintsAsync("kextload", bundle);

        Check(
            await system.RunAsync("kextunload", "-b", TestKext.Identifier),
            11,
            "",
            """
            (kernel) Kext org.example.sample did not stop (return code 0x5).
            (kernel) Kext org.example.sample can't unload - module stop returned 0xdc008017.
            Failed to unload org.example.sample - (libkern/kext) kext (kmod) start/stop routine failed.

            """);
        Check(
            await system.RunAsync("kextunload", "-b", "org.example.nobody"),
            1,
            "",
            "(kernel) Kext org.example.nobody not found for unload request.\nFailed to unload org.example.nobody - (libkern/kext) not found.\n");
        (await system.RunAsync("kextunload")).ExitCode.ShouldBe(64);
    }

    [Theory]
    [InlineData("10.9", "13.4.0", "", "^    8    0 0x[0-9a-f]{12}     0x[0-9a-f]+ +0x[0-9a-f]+ +org.example.sample \\(1.0\\) <5 4 3 1>$")]
    [InlineData("10.12", "16.7.0", " UUID", "^    8    0 0x[0-9a-f]{12}     0x[0-9a-f]+ +0x[0-9a-f]+ +org.example.sample \\(1.0\\) [0-9A-F-]{36} <5 4 3 1>$")]
    [InlineData("10.15", "19.6.0", " UUID", "^    9    0 0x[0-9a-f]{12}     0x[0-9a-f]+ +0x[0-9a-f]+ +org.example.sample \\(1.0\\) [0-9A-F-]{36} <6 5 3 1>$")]
    [InlineData("11", "20.6.0", " UUID", "^    9    0 0x[0-9a-f]{12}     0x[0-9a-f]+ +0x[0-9a-f]+ +org.example.sample \\(1.0\\) [0-9A-F-]{36} <6 5 3 1>$")]
    public async Task Kextstat_lists_as_the_release_does(string release, string darwin, string uuid, string row)
    {
        await using var system = await DarwinSystem.StartAsync(commands, release);
        await system.PrintsAsync("kextload", await BuildAsync(TestKext.Nothing));
        var header = $"Index Refs Address            Size       Wired      Name (Version){uuid} <Linked Against>";

        var all = (await system.PrintsAsync("kextstat")).Split('\n');
        all[0].ShouldBe(header);
        all[1].ShouldStartWith($"    1    1 0                  0          0          com.apple.kpi.bsd ({darwin})");
        all[^2].ShouldMatch(row);

        var one = await system.PrintsAsync("kextstat", "-lb", TestKext.Identifier);
        one.TrimEnd('\n').ShouldMatch(row);
        (await system.PrintsAsync("kextstat", "-k")).ShouldBe($"{header}\n{one}");
        (await system.PrintsAsync("kextstat", "-b", "org.example.nobody")).ShouldBe(header + "\n");
    }

    [Fact]
    public async Task From_11_on_they_hand_over_to_kmutil_and_say_so()
    {
        await using var system = await DarwinSystem.StartAsync(commands, "11");
        var bundle = await BuildAsync(TestKext.Nothing);

        Check(await system.RunAsync("kextload", "-v", bundle), 0, "", $"Executing: /usr/bin/kmutil load -p {bundle}\n");
        (await system.RunAsync("kextstat", "-l", "-b", TestKext.Identifier)).Error.ShouldBe(
            $"Executing: /usr/bin/kmutil showloaded --list-only --bundle-identifier {TestKext.Identifier}\nNo variant specified, falling back to release\n");
        Check(await system.RunAsync("kextunload", "-b", TestKext.Identifier), 0, "", $"Executing: /usr/bin/kmutil unload -b {TestKext.Identifier}\n");
        Check(await system.RunAsync("kextutil", bundle), 0, "", $"Executing: /usr/bin/kmutil load --bundle-path {bundle}\n");
        Check(await system.RunAsync("kextutil", "-nt", bundle), 0, "", "kextutil: -n is not a supported kmutil mode\n");
        (await system.RunAsync("kmutil", "load", "-p", "/nowhere.kext")).Error.ShouldStartWith("Error Domain=NSPOSIXErrorDomain Code=2 \"No such file or directory\"");

        await system.RestartWithAsync("csr-active-config=%00%00%00%00");
        Check(
            await system.RunAsync("kmutil", "load", "--bundle-path", bundle),
            27,
            "",
            $"Extension with identifiers {TestKext.Identifier} not approved to load. Please approve using System Preferences.\n");
    }

    [Fact]
    public async Task Kmutil_tells_what_the_kernel_refused()
    {
        await using var system = await DarwinSystem.StartAsync(commands, "11");
        var bundle = await BuildAsync("void highbit(void); static int start(void) { highbit(); return 0; } static int stop(void) { return 0; }");

        var refused = await system.RunAsync("kmutil", "load", "-p", bundle);

        refused.ExitCode.ShouldBe(71);
        refused.Error.ShouldContain("Kernel request failed: (libkern/kext) link error (-603946986)");
    }

    private static async Task EditAsync(string bundle, string old, string changed)
    {
        var plist = Path.Combine(bundle, "Contents", "Info.plist");
        await File.WriteAllTextAsync(plist, (await File.ReadAllTextAsync(plist)).Replace(old, changed, StringComparison.Ordinal));
    }

    private static void Check(CommandResult result, int exitCode, string output, string error) =>
        (result.ExitCode, result.Output, result.Error).ShouldBe((exitCode, output, error));

    private async Task<string> BuildAsync(string source, IReadOnlyDictionary<string, string>? libraries = null)
    {
        var bundle = await TestKext.BuildAsync(_folder, source, libraries);
        await new HostCommand("chmod", "-R", "go-w", bundle).RunAsync(CancellationToken.None);
        return bundle;
    }
}
