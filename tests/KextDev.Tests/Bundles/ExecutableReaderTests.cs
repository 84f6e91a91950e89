using System.Buffers.Binary;
using KextDev.Bundles;
using KextDev.Tests.MachO;

namespace KextDev.Tests.Bundles;

public sealed class ExecutableReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tells_what_the_checks_ask_of_a_kext_of_Apples_linker()
    {
        var (executable, findings) = ExecutableReader.Read(AppleKext.Write(), "Contents/MacOS/apple");

        findings.ShouldBeEmpty();
        executable.ShouldNotBeNull();
        executable.CpuTypes.ShouldBe([KextExecutable.X86Processor]);
        executable.FileType.ShouldBe(KextExecutable.KextFileType);
        executable.Imports.ShouldBe([new KextImport("_printf"), new KextImport("_version")]);
        executable.LoadCommands.Distinct().ShouldBe(new uint[] { 0x19, 0x02, 0x0B, 0x1B, 0x2A, 0x1D }, ignoreOrder: true);
        executable.HasKmodInfo.ShouldBeTrue();
        executable.KmodIdentifier.ShouldBe("org.example.apple");
        executable.KmodVersion.ShouldBe("4.5.6");
        executable.Uuid.ShouldBe(new Guid(AppleKext.Uuid));
        executable.IsSigned.ShouldBeTrue();
    }

    [Fact]
    public async Task Knows_weak_imports_and_a_missing_kmod_info_of_an_object()
    {
        var made = await Clang.CompileAsync(
            _folder, "one.c", "extern int absent(void) __attribute__((weak_import)); int one(void); int one(void) { return absent ? absent() : 0; }");

        var (executable, _) = ExecutableReader.Read(made.Name, "one.o");

        executable.ShouldNotBeNull().Imports.ShouldBe([new KextImport("_absent", Weak: true)]);
        executable.HasKmodInfo.ShouldBeFalse();
        executable.KmodIdentifier.ShouldBeNull();
        executable.FileType.ShouldBe(1u);
    }

    [Fact]
    public void Names_the_processors_of_a_fat_file_without_code_for_x86_64()
    {
        // fat_header, big-endian: magic, one slice: PowerPC (18), subtype 0, offset 28, size 4, alignment 0; then the slice.
        var fat = new byte[32];
        foreach (var (index, word) in new uint[] { 0xCAFEBABE, 1, 18, 0, 28, 4, 0, 0xFEEDFACE }.Index())
        {
            BinaryPrimitives.WriteUInt32BigEndian(fat.AsSpan(index * 4), word);
        }

        var (executable, _) = ExecutableReader.Read(fat, "old");

        executable.ShouldNotBeNull().CpuTypes.ShouldBe([18u]);
        executable.Imports.ShouldBeEmpty();
    }

    [Fact]
    public void Reports_what_is_no_Mach_O_file_and_what_is_missing()
    {
        var (text, findings) = ExecutableReader.Read("#!/bin/sh\n# forty characters and more, to be longer than a header\n"u8.ToArray(), "script");
        text.ShouldBeNull();
        findings.ShouldContain(finding => finding.Severity == Severity.Error && finding.Code == "KL1001" && finding.Where == "script");

        var (missing, why) = ExecutableReader.Read(_folder.Combine("nothing"), "nothing");
        missing.ShouldBeNull();
        why.ShouldHaveSingleItem().Code.ShouldBe("KC1108");
    }

    [Fact]
    public async Task A_bundle_whose_executable_is_cut_short_is_judged_all_the_same()
    {
        var bundle = KextBundle.Create(_folder.Path, Samples.Info, AppleKext.Write().AsMemory(0, 600));

        var inspection = await BundleInspection.RunAsync(bundle.Folder, releases: null, CancellationToken.None);

        inspection.Result.HasErrors.ShouldBeTrue();
        inspection.Result.Findings.ShouldContain(finding => finding.Code.StartsWith("KL1") && finding.Where.StartsWith("Contents/MacOS/sample"));
    }
}
