using KextDev.Platforms.Darwin;

namespace KextDev.Tests.Platforms.Darwin;

public sealed class KernelInstallationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("10.10.5", "kextcache -invalidate /", "mount")]
    [InlineData("10.15.7", "mount -uw /", "kmutil")]
    [InlineData("11.7.10", "--create-snapshot", "kextcache")]
    public void Each_release_has_its_own_steps(string version, string has, string hasNot)
    {
        foreach (var steps in (IReadOnlyList<InstallationStep>[])[KernelInstallation.Install(System(version), "/tmp/k", "development"), KernelInstallation.Remove(System(version), "development")])
        {
            steps.ShouldContain(step => step.Command.Contains(has, StringComparison.Ordinal));
            steps.ShouldNotContain(step => step.Command.Contains(hasNot, StringComparison.Ordinal));
            steps.ShouldContain(step => step.Command.Contains("System/Library/Kernels/kernel.development", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Mavericks_keeps_its_kernel_elsewhere() => Should.Throw<InfrastructureException>(() => KernelInstallation.Install(System("10.9.5"), "/tmp/k", "development")).Message.ShouldContain("/mach_kernel");

    [Fact]
    public void A_kits_kernel_is_for_one_build()
    {
        var kit = DebugKit.Open(Kit("KDK_10.15.7_19H15.kdk", "kernel", "kernel.development", "kernel.debug"));

        kit.Suffixes.ShouldBe(["debug", "development"]);
        File.Exists(kit.KernelFor(System("10.15.7", "19H15"), "debug")).ShouldBeTrue();
        Should.Throw<InfrastructureException>(() => kit.KernelFor(System("10.15.6", "19G73"), "debug")).Message.ShouldContain("19G73");
        Should.Throw<InfrastructureException>(() => kit.KernelFor(System("10.15.7", "19H15"), "kasan")).Message.ShouldContain("kernel.development");
        DebugKit.Open(Kit("mine", "kernel.development")).KernelFor(System("10.15.6", "19G73"), "development").ShouldNotBeNull();
    }

    [Fact]
    public void A_folder_without_kernels_is_no_kit()
    {
        Should.Throw<InfrastructureException>(() => DebugKit.Open(_folder.Path)).Message.ShouldContain("KDK_VERSION_BUILD.kdk");
        Should.Throw<InfrastructureException>(() => DebugKit.Open(Kit("bare", "kernel"))).Message.ShouldContain("no Kernel Debug Kit");
    }

    private static SwVers System(string version, string build = "0") => new("macOS", Version.Parse(version), build);

    private string Kit(string name, params string[] kernels)
    {
        Directory.CreateDirectory(_folder.Combine(Path.Combine(name, "System", "Library", "Kernels")));
        foreach (var kernel in kernels)
        {
            _folder.Write(Path.Combine(name, "System", "Library", "Kernels", kernel), "");
        }

        return _folder.Combine(name);
    }
}
