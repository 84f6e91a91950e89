using KextDev.Bundles;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Toolchains.Darwin;

namespace KextDev.Tests.Toolchains.Darwin;

/// <summary>No Mac is at hand: what would run on one is read here, word by word.</summary>
public sealed class AppleToolchainTests
{
    private const string Sdk = "/Xcode/MacOSX.sdk";
    private const string Headers = Sdk + "/System/Library/Frameworks/Kernel.framework/Headers";

    private static readonly AppleToolchain s_apple = new("Apple clang version 12.0.0", Sdk, Headers);

    private static readonly KextLink s_link = new(
        [new KextObject("/kext/src/main.c", "/out/main.c.o"), new KextObject("/out/info.c", "/out/info.c.o")], [], "/out/linked/sample", "10.13", HasCPlusPlus: false);

    [Fact]
    public void Compiles_with_Xcodes_clang_against_its_kernel_headers()
    {
        using var kext = new SampleKext();
        var project = Project.Load(kext.Folder);
        var compilation = new KextCompilation(s_apple, project, project.RequireDarwin(), "test", BuildConfiguration.Release, "/out");

        var command = compilation.Command(new KextObject("/kext/src/main.c", "/out/main.c.o"));

        Line(command).ShouldBe(
            "xcrun --sdk macosx clang -target x86_64-apple-macosx10.13 -mkernel -nostdinc -fno-builtin -fno-common -g "
            + "-DKERNEL -DKERNEL_PRIVATE -DDRIVER_PRIVATE -DAPPLE -DNeXT -D_FORTIFY_SOURCE=0 -Os -DNDEBUG -DKERNEL_TEST "
            + $"-I{kext.PathOf("include")} -isystem {Headers} -std=gnu11 -Wall -Wextra -Wno-unused-parameter -DSAMPLE_TEST "
            + "-MD -MF /out/main.c.o.d -c -o /out/main.c.o /kext/src/main.c");
        command.WorkingDirectory.ShouldBe(kext.Folder);
    }

    [Fact]
    public void Compiles_C_plus_plus_as_kexts_have_it()
    {
        using var kext = new SampleKext();
        var project = Project.Load(kext.Folder);
        var compilation = new KextCompilation(s_apple, project, project.RequireDarwin(), "normal", BuildConfiguration.Debug, "/out");

        var words = compilation.Command(new KextObject("/kext/src/driver.cpp", "/out/driver.cpp.o")).Arguments;

        words.ShouldContain("-fapple-kext");
        words.ShouldContain("-fno-rtti");
        words.ShouldContain("-std=gnu++14");
        words.ShouldNotContain("-std=gnu11");
        words.ShouldContain("-O0");
    }

    [Fact]
    public void Links_by_ld_with_kext_and_Apples_libkmod()
    {
        Line(s_apple.LinkCommand(s_link)).ShouldBe(
            $"xcrun --sdk macosx clang -target x86_64-apple-macosx10.13 -isysroot {Sdk} -nostdlib -Xlinker -kext "
            + "/out/main.c.o /out/info.c.o -lkmod -lcc_kext -o /out/linked/sample");
        s_apple.LinkCommand(s_link with { HasCPlusPlus = true }).Arguments.ShouldContain("-lkmodc++");
        new AppleToolchain("Apple clang", "/headers", "/headers/Headers").LinkCommand(s_link).Arguments.ShouldNotContain("-isysroot");
        s_apple.HasLibkmod.ShouldBeTrue();
    }

    [Fact]
    public void Makes_the_dSYM_before_it_strips_a_copy_and_signs_the_bundle_at_last()
    {
        Line(s_apple.MakeDsym("/out/linked/sample", "/out/sample.kext.dSYM")).ShouldBe("xcrun dsymutil -o /out/sample.kext.dSYM /out/linked/sample");
        Line(AppleToolchain.StripCommand(s_link, "/out/linked/sample.stripped")).ShouldBe("xcrun strip -S -o /out/linked/sample.stripped /out/linked/sample");
        s_apple.Finish("/out/sample.kext").Select(Line).ShouldBe(["xcrun codesign --force --timestamp=none --sign - /out/sample.kext"]);
    }

    [Fact]
    public void Signs_for_others_with_a_Developer_ID_and_keeps_the_password_off_the_command_line()
    {
        var info = new KextInfo("sample", "org.example.sample", "1.0", new Dictionary<string, string>(StringComparer.Ordinal));
        var kext = new Kext("/out/sample.kext", "/out/sample.kext.dSYM", info, "normal", BuildConfiguration.Release, Guid.Empty);
        var packaging = new KextPackaging("/packages", new PackageSigning(
            new SigningIdentity("Developer ID Application: Somebody", "/keys"), new SigningIdentity("Developer ID Installer: Somebody", "/keys"), "secret"));

        var steps = packaging.SigningSteps(kext).Concat(packaging.InstallerSteps(kext, "/stage", "/packages/sample.pkg")).ToList();

        steps.Select(step => step.Program).ShouldBe(["security", "codesign", "codesign", "ditto", "pkgbuild"]);
        steps.ShouldAllBe(step => !step.ToString().Contains("secret"));
        Line(steps[3]).ShouldBe("ditto /out/sample.kext /stage/sample.kext");
    }

    private static string Line(HostCommand command) => string.Join(' ', command.Arguments.Prepend(command.Program));
}
