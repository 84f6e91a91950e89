using System.Text.Json;
using KextDev.Bundles;
using KextDev.MachO;
using KextDev.Processes;
using KextDev.Toolchains;
using KextDev.Toolchains.Darwin;

namespace KextDev.Tests.Toolchains.Darwin;

/// <summary>Real clang, real dsymutil, real files.</summary>
public sealed class KextBuildTests : IDisposable
{
    private readonly SampleKext _kext = new();

    public void Dispose() => _kext.Dispose();

    [Theory]
    [InlineData(BuildConfiguration.Debug)]
    [InlineData(BuildConfiguration.Release)]
    public async Task Makes_a_bundle_that_passes_every_check_and_a_dSYM_of_the_same_UUID(BuildConfiguration configuration)
    {
        var built = await _kext.BuildAsync(configuration: configuration);

        _kext.Lines.ShouldBeEmpty();
        built.BundleFolder.ShouldBe(_kext.PathOf($".build/sample/darwin-normal-{configuration.ToString().ToLowerInvariant()}/sample.kext"));
        var inspection = await BundleInspection.RunAsync(built.BundleFolder, MacRelease.All, CancellationToken.None);
        inspection.Result.Findings.ShouldNotContain(finding => finding.Severity == Severity.Error);
        inspection.Executable!.KmodIdentifier.ShouldBe("org.example.sample");
        inspection.Executable.KmodVersion.ShouldBe("1.2.3");
        inspection.Executable.Uuid.ShouldBe(built.Uuid);
        inspection.Executable.Imports.ShouldBe([new KextImport("_printf")]);
        (await RunAsync("llvm-dwarfdump-14", "--uuid", built.DsymFolder)).ShouldContain(built.Uuid.ToString().ToUpperInvariant());
        (await RunAsync("llvm-dwarfdump-14", "--debug-info", built.DsymFolder)).ShouldContain("\"sample_start\"");
    }

    [Fact]
    public async Task Makes_an_executable_that_LLVM_reads()
    {
        var built = await _kext.BuildAsync();
        var executable = Path.Combine(built.BundleFolder, "Contents", "MacOS", "sample");

        (await RunAsync("llvm-readobj-14", "--file-headers", "--macho-segment", executable)).ShouldContain("KextBundle");
        (await RunAsync("llvm-objdump-14", "--disassemble", "--reloc", "--syms", executable)).ShouldContain("_sample_start");
    }

    [Fact]
    public async Task Names_the_two_functions_of_the_manifest_where_libkmod_looks_for_them()
    {
        var built = await _kext.BuildAsync();
        var file = Read(built);

        foreach (var name in (string[])["__start", "__stop", "__realmain", "__antimain", "__kext_apple_cc", "_OSKextGetCurrentIdentifier"])
        {
            file.FindDefined(name).ShouldNotBeNull(name).IsExternal.ShouldBeFalse(name);
        }

        Pointer(file, "__realmain").ShouldBe(file.FindDefined("_sample_start")!.Value.Value);
        Pointer(file, "__antimain").ShouldBe(file.FindDefined("_sample_stop")!.Value.Value);
    }

    [Fact]
    public async Task A_driver_may_have_neither_start_nor_stop()
    {
        _kext.Change("\"start\": \"sample_start\",\n      \"stop\": \"sample_stop\",", "");

        var file = Read(await _kext.BuildAsync());

        Pointer(file, "__realmain").ShouldBe(0UL);
        Pointer(file, "__antimain").ShouldBe(0UL);
    }

    [Fact]
    public async Task Links_C_plus_plus()
    {
        _kext.Change("\"src/*.c\"", "\"src/*.c\", \"src/**/*.cpp\"");
        _kext.Write("src/deep/thing.cpp", """
            #include "thing.h"
            struct Base { virtual ~Base() {} virtual int value() { return 1; } void operator delete(void *, unsigned long) {} };
            struct Thing : Base { int value() override { return number; } int number = 5; };
            static Thing thing;
            extern "C" int thing_value(void) { Base *base = &thing; return base->value(); }
            """);
        _kext.Write("include/thing.h", "extern \"C\" int thing_value(void);\n");

        var file = Read(await _kext.BuildAsync());

        _kext.Lines.ShouldBeEmpty();
        file.FindDefined("__ZTV5Thing").ShouldNotBeNull("the vtable that the kernel patches");
        file.Sections.ShouldContain(section => section.Name == "__mod_init_func", "the constructors that the kernel runs");
        file.Symbols.ToArray().Select(file.NameOf).ShouldNotContain(name => name.StartsWith("__ZTI", StringComparison.Ordinal), "kexts have no type information");
    }

    [Fact]
    public async Task Equal_sources_give_equal_files()
    {
        var first = Contents(await _kext.BuildAsync());
        Directory.Delete(_kext.PathOf(".build"), recursive: true);

        Contents(await _kext.BuildAsync()).ShouldBe(first);
    }

    [Fact]
    public async Task Keeps_variants_and_configurations_apart_and_marks_the_test_build()
    {
        _kext.Write("src/alone.c", "#if defined(KERNEL_TEST) && defined(SAMPLE_TEST)\nextern int tested;\nint tested = 1;\n#else\nextern int plain;\nint plain = 1;\n#endif\n");

        var normal = await _kext.BuildAsync();
        var test = await _kext.BuildAsync("test");

        normal.Info.IsTestBuild.ShouldBeFalse();
        test.Info.IsTestBuild.ShouldBeTrue();
        Read(normal).FindDefined("_plain").ShouldNotBeNull();
        Read(test).FindDefined("_tested").ShouldNotBeNull();
        (await _kext.BuildAsync(configuration: BuildConfiguration.Release)).BundleFolder.ShouldNotBe(normal.BundleFolder);
    }

    [Fact]
    public async Task A_release_carries_no_debug_map()
    {
        var debug = Read(await _kext.BuildAsync());
        var release = Read(await _kext.BuildAsync(configuration: BuildConfiguration.Release));

        debug.Symbols.ToArray().ShouldContain(symbol => symbol.IsStab);
        release.Symbols.ToArray().ShouldNotContain(symbol => symbol.IsStab);
    }

    [Fact]
    public async Task Compiles_and_links_nothing_when_nothing_changed()
    {
        var built = await _kext.BuildAsync();
        var objects = _kext.Objects();
        var executable = Executable(built);
        var linked = File.GetLastWriteTimeUtc(executable);

        (await _kext.BuildAsync()).Uuid.ShouldBe(built.Uuid);

        _kext.Objects().ShouldBe(objects);
        File.GetLastWriteTimeUtc(executable).ShouldBe(linked);
    }

    [Theory]
    [InlineData("src/count.c", "count.c")]
    [InlineData("include/count.h", "count.c main.c")]
    [InlineData("kernel/kernel.h", "main.c")]
    public async Task Compiles_exactly_what_uses_a_changed_file(string changed, string expected)
    {
        await _kext.BuildAsync();
        var before = _kext.Objects();
        File.SetLastWriteTimeUtc(_kext.PathOf(changed), DateTime.UtcNow.AddYears(-1));

        await _kext.BuildAsync();

        Changed(before).ShouldBe(expected.Split(' '));
    }

    [Fact]
    public async Task Compiles_all_sources_when_a_flag_changes()
    {
        await _kext.BuildAsync();
        var before = _kext.Objects();
        _kext.Change("\"-Wall\"", "\"-Wall\", \"-DMORE\"");

        await _kext.BuildAsync();

        Changed(before).ShouldBe(["alone.c", "count.c", "main.c"]);
    }

    [Fact]
    public async Task Compiles_everything_when_the_compiler_is_another()
    {
        await _kext.BuildAsync();
        var before = _kext.Objects();

        await _kext.BuildAsync(toolchain: new CrossToolchain("clang-14", "another clang", "dsymutil-14", sdkHeaders: null));

        Changed(before).ShouldBe(["alone.c", "count.c", "kext_info.c", "main.c", "start.c", "stop.c"]);
    }

    [Fact]
    public async Task Forgets_a_deleted_source_and_finds_a_new_one()
    {
        await _kext.BuildAsync();
        File.Delete(_kext.PathOf("src/alone.c"));
        _kext.Write("src/new.c", "extern int fresh;\nint fresh = 1;\n");

        var file = Read(await _kext.BuildAsync());

        file.FindDefined("_alone").ShouldBeNull();
        file.FindDefined("_fresh").ShouldNotBeNull();
        _kext.Objects().Keys.ShouldNotContain("alone.c");
    }

    [Fact]
    public async Task Makes_the_bundle_anew_when_the_manifest_says_something_else_of_it()
    {
        await _kext.BuildAsync();
        _kext.Change("\"version\": \"1.2.3\"", "\"version\": \"1.2.4\"");

        var inspection = await BundleInspection.RunAsync((await _kext.BuildAsync()).BundleFolder, releases: null, CancellationToken.None);

        inspection.Bundle.Info!.TextOf("CFBundleVersion").ShouldBe("1.2.4");
        inspection.Executable!.KmodVersion.ShouldBe("1.2.4");
    }

    [Fact]
    public async Task Makes_anew_what_somebody_deleted()
    {
        var built = await _kext.BuildAsync();
        var before = Contents(built);
        Directory.Delete(built.DsymFolder, recursive: true);

        Contents(await _kext.BuildAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Passes_the_compilers_words_on_and_begins_its_failure_with_the_first_error()
    {
        _kext.Write("src/count.c", "#include \"count.h\"\nint count(void) { return missing; }\n");

        var exception = await Should.ThrowAsync<BuildFailedException>(() => _kext.BuildAsync());

        var error = $"{_kext.PathOf("src/count.c")}:2:26: error: use of undeclared identifier 'missing'";
        _kext.Lines.ShouldContain(error);
        exception.Message.ShouldStartWith(error);
        exception.Message.ShouldContain($"{_kext.PathOf("src/count.c")} was not compiled: clang");
    }

    [Fact]
    public async Task A_symbol_that_no_kernel_has_is_undefined_where_it_is_used()
    {
        _kext.Write("src/count.c", "#include \"count.h\"\nint prinft(const char *);\nint count(void) { return prinft(\"\"); }\n");
        _kext.Write("src/other.c", "int prinft(const char *);\nint other(void);\nint other(void) { return prinft(\"\"); }\n");

        var exception = await Should.ThrowAsync<BuildFailedException>(() => _kext.BuildAsync());

        exception.Message.ShouldStartWith(
            $"{_kext.PathOf("src/count.c")}: error: undefined symbol _prinft: no source defines it and no KPI exports it. Did you mean '_printf'? "
            + $"(also referenced from {_kext.PathOf("src/other.c")})");
    }

    [Theory]
    [InlineData("proc_selfpid", "com.apple.kpi.bsd exports it, and platforms.darwin.libraries does not name it")]
    [InlineData("hfs_addconverter", "com.apple.kpi.bsd exports it up to Darwin 15.6.0 only")]
    public async Task A_symbol_that_no_library_of_the_manifest_has_is_undefined(string function, string why)
    {
        _kext.Write("src/count.c", $"#include \"count.h\"\nint {function}(void);\nint count(void) {{ return {function}(); }}\n");

        var exception = await Should.ThrowAsync<BuildFailedException>(() => _kext.BuildAsync());

        exception.Message.ShouldStartWith($"{_kext.PathOf("src/count.c")}: error: undefined symbol _{function}: {why}");
    }

    [Fact]
    public async Task Another_kexts_symbols_are_that_kexts_concern()
    {
        _kext.Change("\"com.apple.kpi.libkern\": \"8.0.0\"", "\"com.apple.kpi.libkern\": \"8.0.0\", \"org.example.library\": \"1.0\"");
        _kext.Write("src/count.c", "#include \"count.h\"\nint library_count(void);\nint count(void) { return library_count(); }\n");

        Read(await _kext.BuildAsync()).Imports.Select(import => import.Name).ShouldContain("_library_count");
    }

    [Fact]
    public async Task Says_where_both_definitions_of_a_symbol_are()
    {
        _kext.Write("src/other.c", "int count(void);\nint count(void) { return 4; }\n");

        var exception = await Should.ThrowAsync<BuildFailedException>(() => _kext.BuildAsync());

        exception.Message.ShouldContain("_count");
        exception.Message.ShouldContain(_kext.PathOf("src/count.c"));
        exception.Message.ShouldContain(_kext.PathOf("src/other.c"));
    }

    [Fact]
    public async Task Follows_files_whose_names_need_care()
    {
        _kext.Write("src/an odd #1 $name.c", "#include \"an odd #2 $name.h\"\nextern int odd;\nint odd = ODD;\n");
        _kext.Write("include/an odd #2 $name.h", "#define ODD 1\n");
        await _kext.BuildAsync();
        var before = _kext.Objects();
        File.SetLastWriteTimeUtc(_kext.PathOf("include/an odd #2 $name.h"), DateTime.UtcNow.AddYears(-1));

        await _kext.BuildAsync();

        Changed(before).ShouldBe(["an odd #1 $name.c"]);
    }

    [Theory]
    [InlineData("Debian clang version 14.0.6", 14)]
    [InlineData("clang version 3.8.0-2ubuntu4 (tags/RELEASE_380/final)", 3)]
    [InlineData("Homebrew clang version 22.1.0", 22)]
    [InlineData("gcc (Debian 12.2.0-14) 12.2.0", null)]
    public void Knows_a_clang_by_its_words(string words, int? major) => CrossToolchain.MajorOf(words).ShouldBe(major);

    [Fact]
    public async Task Names_the_closest_variant() => (await Should.ThrowAsync<InfrastructureException>(() => _kext.BuildAsync("tset"))).Message
        .ShouldBe("The kext sample has no variant 'tset'. Variants: normal, test. Did you mean 'test'?");

    [Fact]
    public async Task Takes_an_SDKs_headers_instead_of_the_projects_own()
    {
        const string headers = "Mac.sdk/System/Library/Frameworks/Kernel.framework/Headers";
        _kext.Write($"{headers}/mach/mach_types.h", "");
        _kext.Write($"{headers}/kernel.h", "#error Apple's\n");

        (await Should.ThrowAsync<BuildFailedException>(() => _kext.BuildAsync(sdk: _kext.PathOf("Mac.sdk")))).Message.ShouldContain($"{headers}/kernel.h:1:2: error: Apple's");
        (await Should.ThrowAsync<InfrastructureException>(() => _kext.BuildAsync(sdk: _kext.PathOf("src")))).Message.ShouldContain("Name a macOS SDK");
    }

    [Fact]
    public async Task Says_that_there_are_no_kernel_headers()
    {
        _kext.Change("\"headers\": \"kernel\",", "");

        (await Should.ThrowAsync<InfrastructureException>(() => _kext.BuildAsync())).Message.ShouldContain("there are no kernel headers. Name Apple's by --sdk PATH");
    }

    [Fact]
    public async Task Tells_editors_how_each_source_is_compiled()
    {
        await _kext.BuildAsync();

        using var commands = JsonDocument.Parse(File.ReadAllText(_kext.PathOf("compile_commands.json")));
        var entries = commands.RootElement.EnumerateArray().ToList();
        entries.Select(entry => entry.GetProperty("file").GetString()).ShouldBe(
            [_kext.PathOf("src/alone.c"), _kext.PathOf("src/count.c"), _kext.PathOf("src/main.c")]);
        var words = entries[2].GetProperty("arguments").EnumerateArray().Select(word => word.GetString()!).ToList();
        (await new HostCommand(words[0], [.. words.Skip(1), "-fsyntax-only"]) { WorkingDirectory = entries[2].GetProperty("directory").GetString() }
            .RunAsync(CancellationToken.None)).Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_build_that_was_stopped_is_no_failure_and_harms_no_later_one()
    {
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => _kext.BuildAsync(cancellationToken: stopped.Token));

        Read(await _kext.BuildAsync()).FindDefined("_count").ShouldNotBeNull();
    }

    private static MachOFile Read(Kext built) => MachOReader.Read(File.ReadAllBytes(Executable(built)), "sample").File.ShouldNotBeNull();

    private static string Executable(Kext built) => Path.Combine(built.BundleFolder, "Contents", "MacOS", "sample");

    private static ulong Pointer(MachOFile file, string name)
    {
        var symbol = file.FindDefined(name)!.Value;
        var section = file.Sections[symbol.Section - 1];
        return section.IsZeroFill ? 0 : BitConverter.ToUInt64(section.Content.Span[(int)(symbol.Value - section.Address)..]);
    }

    private static Dictionary<string, string> Contents(Kext built) => new[] { built.BundleFolder, built.DsymFolder }
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        .ToDictionary(file => file, file => Convert.ToHexString(File.ReadAllBytes(file)), StringComparer.Ordinal);

    private IEnumerable<string> Changed(Dictionary<string, DateTime> before) =>
        _kext.Objects().Where(made => before[made.Key] != made.Value).Select(made => made.Key).Order(StringComparer.Ordinal);

    private static async Task<string> RunAsync(string program, params string[] arguments) =>
        (await new HostCommand(program, arguments).RunAsync(CancellationToken.None)).Output;
}
