using System.Text.Json;
using KextDev.MachO;
using KextDev.Symbols;
using KextDev.Tests.KextHost;
using KextDev.Toolchains.Darwin;

namespace KextDev.Tests.Symbols;

/// <summary>Real panics of real kexts, in kexthost, and the dSYMs of their builds.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class KextPanicTests(KextHostBuild build) : IDisposable
{
    private const string Sound = "\terror = osq_prefixes_init();\n";
    private const string Faulty = "\t*(volatile int *)16 = 1;\n" + Sound;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Names_the_faulting_line_and_what_it_was_inlined_into()
    {
        var kext = await BuiltKext.FaultyOsqueryAsync(_folder, BuildConfiguration.Release, "darwin/main.c", Sound, Faulty);
        var report = await PanicAsync(kext);

        var crash = await NameAsync(report, kext.DsymFolder);

        var source = await File.ReadAllLinesAsync(_folder.Combine("kext/darwin/main.c"));
        var fault = Array.IndexOf(source, Faulty.Split('\n')[0]) + 1;
        var call = Array.IndexOf(source, "\tint error = init();") + 1;
        var frame = crash.Text.ToList().FindIndex(line => line.StartsWith("Backtrace", StringComparison.Ordinal)) + 1;
        crash.Text[frame + 1].ShouldBe($"        at init (kext/darwin/main.c:{fault})");
        crash.Text[frame + 2].ShouldMatch($@"^        inlined into osquery_start \(kext/darwin/main\.c:{call}\), com\.facebook\.security\.osquery \+ 0x[0-9a-f]+$");
        crash.Notes.ShouldBe([$"com.facebook.security.osquery (1.0): symbols of {kext.DwarfFile}"]);

        // The report itself stays as it was.
        crash.Text.Where(line => !line.StartsWith("        at ", StringComparison.Ordinal) && !line.StartsWith("        inlined into ", StringComparison.Ordinal)).ShouldBe(crash.Crash.Text);
    }

    [Fact]
    public async Task Names_the_call_and_not_the_line_after_it()
    {
        var kext = await BuiltKext.BadAsync(_folder, "panics-in-callback");
        await using var host = await RunningHost.StartAsync(build);
        (await host.LoadAsync(kext.BundleFolder)).ExitCode.ShouldBe(0);
        await host.DriveCommand("opened", "/tmp/bad-kext").TryRunAsync(CancellationToken.None);

        var crash = await NameAsync(_folder.Write("Kernel.panic", await host.PanicAsync()), _folder.Combine("build"));

        var source = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "tests/bad-kexts/panics-in-callback/panics_in_callback.c"));
        var call = Array.FindIndex(source, line => line.Contains("panic(\"bad", StringComparison.Ordinal)) + 1;
        crash.Text.ShouldContain(line => line.StartsWith($"        at heard (tests/bad-kexts/panics-in-callback/panics_in_callback.c:{call}), org.kextdev.panics-in-callback + 0x"));
    }

    [Fact]
    public async Task Leaves_the_frames_of_another_build_and_tells_both_UUIDs()
    {
        var kext = await BuiltKext.FaultyOsqueryAsync(_folder, BuildConfiguration.Debug, "darwin/main.c", Sound, Faulty);
        var report = await PanicAsync(kext);
        using var other = new TemporaryFolder();
        var rebuilt = await BuiltKext.FaultyOsqueryAsync(other, BuildConfiguration.Debug, "darwin/main.c", Sound, Faulty.Replace("16", "32", StringComparison.Ordinal));
        rebuilt.Uuid.ShouldNotBe(kext.Uuid);

        var crash = await NameAsync(report, rebuilt.DsymFolder);

        crash.Named.ShouldBe(0);
        crash.Text.ShouldBe(crash.Crash.Text);
        var note = crash.Notes.ShouldHaveSingleItem();
        note.ShouldContain($"the one that crashed has the UUID {kext.Uuid.ToString().ToUpperInvariant()}");
        note.ShouldContain($"{rebuilt.DwarfFile} has {rebuilt.Uuid.ToString().ToUpperInvariant()}");
        (await NameAsync(report, _folder.Combine("nowhere"))).Notes.ShouldHaveSingleItem().ShouldContain("no dSYM with the UUID");
    }

    [Fact]
    public async Task Names_the_kernels_own_frames_by_its_UUID_and_slide()
    {
        // Any Mach-O file with a dSYM will do for a kernel.
        var kernel = await BuiltKext.BadAsync(_folder, "panics-in-callback");
        var function = MachOReader.Read(await File.ReadAllBytesAsync(kernel.ExecutableFile), "kernel").File!.FindDefined("_heard")!.Value.Value;
        var report = _folder.Write(
            "kernel.panic",
            $"""
            panic(cpu 0 caller 0xffffff8012345678): out of everything
            Backtrace (CPU 0), Frame : Return Address
            0xffffff9102b03a10 : 0x{0xffffff8010000000 + function + 4:x16}
            0xffffff9102b03a40 : 0xffffff7f90c11f02

            Kernel UUID: {kernel.Uuid.ToString().ToUpperInvariant()}
            Kernel slide:     0xffffff8010000000
            """);

        var crash = await NameAsync(report, kernel.DsymFolder);

        crash.Text[3].ShouldMatch(@"^        at heard \(tests/bad-kexts/panics-in-callback/panics_in_callback\.c:\d+\), mach_kernel \+ 0x[0-9a-f]+$");
        crash.Named.ShouldBe(1);
        crash.Notes.ShouldBe([$"mach_kernel: symbols of {kernel.DwarfFile}"]);
    }

    [Fact]
    public async Task Reads_the_same_panic_from_the_newer_form_of_the_file()
    {
        var kext = await BuiltKext.FaultyOsqueryAsync(_folder, BuildConfiguration.Debug, "darwin/main.c", Sound, Faulty);
        var report = await PanicAsync(kext);
        var text = await File.ReadAllTextAsync(report);
        var newer = _folder.Write(
            "panic-full.ips",
            "{\"bug_type\":\"210\",\"os_version\":\"macOS 11.7 (20G817)\"}\n" + JsonSerializer.Serialize(new { build = "macOS 11.7", macOSPanicString = text }));

        var named = await NameAsync(newer, kext.DsymFolder);

        named.Text.ShouldBe((await NameAsync(report, kext.DsymFolder)).Text);
        named.Named.ShouldBeGreaterThanOrEqualTo(3);

        // In a run's folder with a console that tells of the same, and the names that the run itself gave: one crash.
        _folder.Write("run/guest/console.log", $"ready\n{text}\n");
        _folder.Write("run/guest/logs/Kernel.ips", await File.ReadAllTextAsync(newer));
        _folder.Write("run/crash/1.txt", $"{named.Crash.Summary}\n\n{string.Join('\n', named.Text)}\n");
        (await NameAsync(_folder.Combine("run"), kext.DsymFolder)).Text.ShouldBe(named.Text);
        (await NameAsync(_folder.Combine("run/crash/1.txt"), kext.DsymFolder)).Text.ShouldBe(named.Text);
    }

    private async Task<NamedCrash> NameAsync(string report, string symbols)
    {
        var found = CrashReading.Read(report).ShouldHaveSingleItem();
        return await new CrashSymbols(new SymbolFolders([symbols]), _folder.Path).NameAsync(found.Crash, CancellationToken.None);
    }

    /// <returns>The report's file.</returns>
    private async Task<string> PanicAsync(Kext kext)
    {
        await using var host = await RunningHost.StartAsync(build);
        await host.LoadAsync(kext.BundleFolder);
        return _folder.Write("Kernel.panic", await host.PanicAsync());
    }
}
