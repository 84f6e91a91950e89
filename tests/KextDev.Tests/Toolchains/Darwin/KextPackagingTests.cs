using KextDev.Bundles;
using KextDev.Toolchains.Darwin;

namespace KextDev.Tests.Toolchains.Darwin;

public sealed class KextPackagingTests : IDisposable
{
    private readonly SampleKext _kext = new();

    public void Dispose() => _kext.Dispose();

    [Fact]
    public async Task Packs_bundle_and_dSYM()
    {
        var built = await _kext.BuildAsync(configuration: BuildConfiguration.Release);

        var packages = await new KextPackaging(_kext.PathOf("packages"), new PackageSigning()).RunAsync(built, CancellationToken.None);

        packages.ShouldBe([_kext.PathOf("packages/sample-1.2.3.zip")]);
        using var zip = System.IO.Compression.ZipFile.OpenRead(packages[0]);
        zip.Entries.Select(entry => entry.FullName).ShouldContain("sample.kext/Contents/MacOS/sample");
        zip.Entries.Select(entry => entry.FullName).ShouldContain("sample.kext.dSYM/Contents/Resources/DWARF/sample");
    }

    [Fact]
    public async Task Refuses_a_test_build()
    {
        var built = await _kext.BuildAsync("test");

        var refused = await Should.ThrowAsync<InfrastructureException>(
            () => new KextPackaging(_kext.PathOf("packages"), new PackageSigning()).RunAsync(built, CancellationToken.None));

        refused.Message.ShouldContain("build for tests");
        Directory.Exists(_kext.PathOf("packages")).ShouldBeFalse();
    }

    [Fact]
    public async Task Says_where_a_signature_can_be_made()
    {
        var built = await _kext.BuildAsync();
        var signing = new PackageSigning(new SigningIdentity("Developer ID Application: Somebody"));

        (await Should.ThrowAsync<InfrastructureException>(() => new KextPackaging(_kext.PathOf("packages"), signing).RunAsync(built, CancellationToken.None)))
            .Message.ShouldContain("on a Mac only");
    }
}
