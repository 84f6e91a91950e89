using System.Text.Json;
using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

public sealed class KextCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Finds_no_error_in_a_sound_kext()
    {
        var result = Check(Samples.Info, Samples.Executable);
        result.HasErrors.ShouldBeFalse();
        result.LoadsOn.ShouldBe(MacRelease.All);
        result.Libraries.ShouldNotBeNull().OrderBy(library => library.Key, StringComparer.Ordinal)
            .ShouldBe(Samples.Info.Libraries.OrderBy(library => library.Key, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("CFBundleVersion", "1.0.0.0", "KC1006")]
    [InlineData("CFBundlePackageType", "APPL", "KC1005")]
    [InlineData("OSBundleRequired", "Always", "KC1012")]
    [InlineData("OSBundleCompatibleVersion", "2.0", "KC1009")]
    [InlineData("OSBundleAllowUserLoad", "yes", "KC1004")]
    [InlineData("OSBundleLibraries", "none", "KC1004")]
    [InlineData("IOKitPersonalities", "none", "KC1004")]
    [InlineData("CFBundleExecutable", "missing", "KC1011")]
    [InlineData("CFBundleIdentifier", "org.example.far.too.long.far.too.long.far.too.long.far.too.long.far", "KC1007")]
    public void Reports_a_key_that_the_loader_refuses(string key, string value, string code)
    {
        var bundle = Create(Samples.Info with { Further = new Dictionary<string, PlistValue> { [key] = new PlistText(value) } });
        var result = KextCheck.Run(new KextCheckRequest(bundle, Samples.Executable));
        result.Findings.Where(finding => finding.Severity == Severity.Error).ShouldContain(finding => finding.Code == code);
        result.LoadsOn.ShouldBeEmpty();
    }

    [Fact]
    public void Reports_a_library_that_is_not_listed()
    {
        var result = Check(Samples.Info with { Libraries = Libraries(("com.apple.kpi.libkern", "8.0.0")) }, Samples.Executable);
        var finding = Single(result, "KC1201");
        finding.Severity.ShouldBe(Severity.Error);
        finding.Message.ShouldContain("_proc_pid");
        result.LoadsOn.ShouldBeEmpty();
        result.Libraries.ShouldNotBeNull()["com.apple.kpi.bsd"].ShouldBe("8.0.0");
    }

    [Fact]
    public void Reports_a_library_that_nothing_uses()
    {
        var info = Samples.Info with { Libraries = Libraries([.. Samples.Info.Libraries.Select(library => (library.Key, library.Value)), ("com.apple.kpi.mach", "8.0.0")]) };
        var result = Check(info, Samples.Executable);
        Single(result, "KC1210").Message.ShouldContain("com.apple.kpi.mach");
        result.Libraries.ShouldNotBeNull().ContainsKey("com.apple.kpi.mach").ShouldBeFalse();
    }

    [Fact]
    public void Tells_since_when_a_symbol_exists()
    {
        var info = Samples.Info with { Libraries = Libraries(("com.apple.kpi.iokit", "8.0.0")) };
        var executable = Samples.Executable with { Imports = [new("_IOMallocZero")] };
        var lenient = Check(info, executable);
        Single(lenient, "KC1202").Severity.ShouldBe(Severity.Warning);
        Single(lenient, "KC1202").Message.ShouldContain("macOS 10.9 to 10.14");
        lenient.LoadsOn.Select(release => release.Name).ShouldBe(["10.15", "11"]);
        lenient.Libraries.ShouldNotBeNull()["com.apple.kpi.iokit"].ShouldBe("19.0.0");

        var strict = Check(info, executable, MacRelease.Parse("10.13")!);
        Single(strict, "KC1202").Severity.ShouldBe(Severity.Error);
        strict.LoadsOn.ShouldBeEmpty();
    }

    [Fact]
    public void Leaves_out_releases_that_the_libraries_versions_exclude()
    {
        var info = Samples.Info with { Libraries = Libraries(("com.apple.kpi.iokit", "19.0.0")) };
        var result = Check(info, Samples.Executable with { Imports = [new("_IOMallocZero")] });
        result.Findings.ShouldNotContain(finding => finding.Code == "KC1202");
        Single(result, "KC1206").Severity.ShouldBe(Severity.Warning);
        result.LoadsOn.Select(release => release.Name).ShouldBe(["10.15", "11"]);
    }

    [Theory]
    [InlineData(false, Severity.Error)]
    [InlineData(true, Severity.Note)]
    public void Lets_a_weak_import_be_absent_when_the_kext_tests_for_it(bool tests, Severity severity)
    {
        KextImport[] imports = tests ? [new("_IOMallocZero", Weak: true), new("_gOSKextUnresolved")] : [new("_IOMallocZero", Weak: true)];
        var info = Samples.Info with { Libraries = Libraries(("com.apple.kpi.iokit", "8.0.0"), ("com.apple.kpi.libkern", "8.0.0")) };
        Single(Check(info, Samples.Executable with { Imports = imports }, MacRelease.Parse("10.9")!), "KC1204").Severity.ShouldBe(severity);
    }

    /// <summary>Where only a library that is not listed has it, it is absent as well; nobody is asked to list what has it.</summary>
    [Fact]
    public void Lets_a_weak_import_be_absent_where_the_library_that_has_it_is_not_listed()
    {
        var info = Samples.Info with { Libraries = Libraries(("com.apple.kpi.libkern", "8.0.0"), ("com.apple.kpi.mach", "8.0.0")) };
        KextImport[] imports = [new("_mach_absolute_time"), new("_thread_tid", Weak: true), new("_gOSKextUnresolved")];

        var result = Check(info, Samples.Executable with { Imports = imports });

        var note = Single(result, "KC1204");
        note.Severity.ShouldBe(Severity.Note);
        note.Message.ShouldContain("com.apple.kpi.unsupported, which is not listed");
        result.LoadsOn.Count.ShouldBe(MacRelease.All.Count);
        result.Libraries.ShouldNotBeNull().Keys.ShouldNotContain("com.apple.kpi.unsupported");
    }

    [Fact]
    public void Reports_a_symbol_that_no_kernel_exports()
    {
        var executable = Samples.Executable with { Imports = [new("_printf"), new("___memcpy_chk_of_nobody")] };
        Single(Check(Samples.Info, executable), "KC1205").Severity.ShouldBe(Severity.Error);
        var other = Samples.Info with { Libraries = Libraries(("com.apple.kpi.libkern", "8.0.0"), ("org.example.library", "1.0")) };
        var result = Check(other, executable);
        Single(result, "KC1205").Severity.ShouldBe(Severity.Note);
        result.Libraries.ShouldNotBeNull()["org.example.library"].ShouldBe("1.0");
    }

    [Fact]
    public void Reports_the_use_of_a_private_interface()
    {
        var info = Samples.Info with { Libraries = Libraries(("com.apple.kpi.private", "8.0.0")) };
        Single(Check(info, Samples.Executable with { Imports = [new("_cpuid_info")] }), "KC1211").Message.ShouldContain("_cpuid_info");
    }

    [Theory]
    [InlineData("com.apple.kernel.bsd", "8.0.0", "KC1207")]
    [InlineData("com.apple.kpi.nothing", "8.0.0", "KC1209")]
    [InlineData("com.apple.kpi.bsd", "7.0", "KC1206")]
    [InlineData("com.apple.kpi.bsd", "99.0", "KC1206")]
    [InlineData("com.apple.kpi.bsd", "new", "KC1006")]
    public void Reports_a_library_that_no_kernel_has(string library, string version, string code) =>
        Single(Check(Samples.Info with { Libraries = Libraries(("com.apple.kpi.libkern", "8.0.0"), (library, version)) }, Samples.Executable), code)
            .Severity.ShouldBe(Severity.Error);

    [Fact]
    public void Reports_that_no_library_is_listed()
    {
        var result = Check(Samples.Info with { Libraries = Libraries() }, Samples.Executable with { Imports = [] });
        Single(result, "KC1208").Severity.ShouldBe(Severity.Error);
        result.Libraries.ShouldNotBeNull().Keys.ShouldBe(["com.apple.kpi.libkern"]);
    }

    [Fact]
    public void Reports_what_is_wrong_with_the_executable()
    {
        Single(Check(Samples.Info, Samples.Executable with { CpuTypes = [0x0100000C] }), "KC1101").Severity.ShouldBe(Severity.Error);
        Single(Check(Samples.Info, Samples.Executable with { FileType = 6 }), "KC1102").Severity.ShouldBe(Severity.Error);
        Single(Check(Samples.Info, Samples.Executable with { HasKmodInfo = false }), "KC1103").Severity.ShouldBe(Severity.Error);
        Single(Check(Samples.Info, Samples.Executable with { KmodIdentifier = "org.example.other" }), "KC1104").Severity.ShouldBe(Severity.Warning);
        Single(Check(Samples.Info, Samples.Executable with { KmodVersion = "1.2" }), "KC1105").Severity.ShouldBe(Severity.Warning);
        Single(Check(Samples.Info, Samples.Executable with { Uuid = null }), "KC1106").Severity.ShouldBe(Severity.Note);
    }

    [Fact]
    public void Tells_which_kernels_refuse_a_load_command()
    {
        var result = Check(Samples.Info, Samples.Executable with { LoadCommands = [0x19, 0x02, 0x0B, 0x32] });
        Single(result, "KC1107").Message.ShouldContain("macOS 10.9 to 10.12");
        result.LoadsOn[0].Name.ShouldBe("10.13");
    }

    [Fact]
    public void Reports_modes_as_an_error_once_root_owns_the_bundle()
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Kexts are built where files have modes.");
        }

        var bundle = Create(Samples.Info);
        File.SetUnixFileMode(bundle.ExecutablePath!, (UnixFileMode)0b111_111_101);
        bundle = KextBundle.Read(bundle.Folder);
        Single(KextCheck.Run(new KextCheckRequest(bundle, Samples.Executable)), "KC1302").Severity.ShouldBe(Severity.Note);
        var installed = KextCheck.Run(new KextCheckRequest(bundle, Samples.Executable, NotRootOwned: []));
        Single(installed, "KC1302").Severity.ShouldBe(Severity.Error);
        installed.Findings.ShouldNotContain(finding => finding.Code == "KC1301");
    }

    [Fact]
    public void Tells_what_a_missing_signature_means_on_the_release()
    {
        Single(Check(Samples.Info, Samples.Executable, MacRelease.Parse("10.10")!), "KC1401").Message.ShouldContain("kext-dev-mode=1");
        Single(Check(Samples.Info, Samples.Executable, MacRelease.Parse("10.11")!), "KC1401").Message.ShouldContain("System Integrity Protection");
        Single(Check(Samples.Info, Samples.Executable, MacRelease.Parse("10.13")!), "KC1403").Message.ShouldContain("approve");
        Single(Check(Samples.Info, Samples.Executable with { LoadCommands = [0x19, 0x1D] }), "KC1402").Severity.ShouldBe(Severity.Warning);
    }

    [Fact]
    public void Takes_a_signature_beside_the_executable_for_one()
    {
        var bundle = Create(Samples.Info);
        foreach (var file in (string[])["CodeResources", "CodeSignature"])
        {
            folder.Write(Path.GetRelativePath(folder.Path, Path.Combine(bundle.Folder, "Contents", "_CodeSignature", file)), "");
        }

        var result = KextCheck.Run(new KextCheckRequest(KextBundle.Read(bundle.Folder), Samples.Executable));

        result.Findings.ShouldNotContain(finding => finding.Code == "KC1401" || finding.Code == "KC1402");
    }

    [Fact]
    public void Says_nothing_of_libraries_where_there_is_no_code_for_x86_64()
    {
        var result = Check(Samples.Info, Samples.Executable with { CpuTypes = [0x07], Imports = [] });

        result.Findings.ShouldNotContain(finding => finding.Code.StartsWith("KC12", StringComparison.Ordinal));
        result.LibrariesBlock.ShouldBeNull();
    }

    [Fact]
    public void Prints_like_a_compiler_and_as_JSON()
    {
        var bundle = Create(Samples.Info with { Further = new Dictionary<string, PlistValue> { ["CFBundleVersion"] = new PlistText("1\u0085x") } });
        var result = KextCheck.Run(new KextCheckRequest(bundle, Samples.Executable));
        var text = new StringWriter();
        KextCheckReport.WriteText(text, bundle, result);
        text.ToString().ShouldContain("sample.kext/Contents/Info.plist: error KC1006: '1?x' is no version of CFBundleVersion");
        text.ToString().ShouldContain("<key>com.apple.kpi.bsd</key>");
        var json = new StringWriter();
        KextCheckReport.WriteJson(json, bundle, result);
        using var document = JsonDocument.Parse(json.ToString());
        document.RootElement.GetProperty("bundle").GetString().ShouldBe("sample.kext");
        document.RootElement.GetProperty("loadsOn").GetArrayLength().ShouldBe(0);
        document.RootElement.GetProperty("findings").EnumerateArray()
            .ShouldContain(finding => finding.GetProperty("code").GetString() == "KC1006" && finding.GetProperty("severity").GetString() == "error");
    }

    private static Dictionary<string, string> Libraries(params (string Name, string Version)[] libraries) =>
        libraries.ToDictionary(library => library.Name, library => library.Version, StringComparer.Ordinal);

    private static Finding Single(KextCheckResult result, string code) =>
        result.Findings.Where(finding => finding.Code == code).ShouldHaveSingleItem();

    private KextBundle Create(KextInfo info) => KextBundle.Create(folder.Path, info, new byte[] { 1 });

    private KextCheckResult Check(KextInfo info, KextExecutable executable, params MacRelease[] releases) =>
        KextCheck.Run(new KextCheckRequest(Create(info), executable, releases.Length == 0 ? null : releases));
}
