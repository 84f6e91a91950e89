using System.IO.Compression;
using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

public sealed class KextPackageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Packs_bundle_and_dSYM_with_their_modes()
    {
        using var zip = ZipFile.OpenRead(Pack("out"));
        zip.Entries.Select(entry => entry.FullName).ShouldBe(
        [
            "sample.kext/", "sample.kext/Contents/", "sample.kext/Contents/Info.plist", "sample.kext/Contents/MacOS/",
            "sample.kext/Contents/MacOS/sample", "sample.kext/Contents/Resources/", "sample.kext/Contents/Resources/en.lproj/",
            "sample.kext/Contents/Resources/en.lproj/InfoPlist.strings", "sample.kext.dSYM/", "sample.kext.dSYM/symbols",
        ]);
        Mode("sample.kext/").ShouldBe(Convert.ToInt32("40755", 8));
        Mode("sample.kext/Contents/MacOS/sample").ShouldBe(Convert.ToInt32("100755", 8));
        Mode("sample.kext/Contents/Info.plist").ShouldBe(Convert.ToInt32("100644", 8));
        zip.Entries.ShouldAllBe(entry => entry.LastWriteTime.Year == 1980);

        int Mode(string name) => (int)((uint)zip.GetEntry(name)!.ExternalAttributes >> 16);
    }

    [Fact]
    public void Packs_equal_files_to_an_equal_zip() => File.ReadAllBytes(Pack("one")).ShouldBe(File.ReadAllBytes(Pack("two")));

    [Fact]
    public void Refuses_a_test_build()
    {
        var info = Samples.Info with { IsTestBuild = true };
        var bundle = KextBundle.Create(folder.Path, info, new byte[] { 1 });
        Should.Throw<InfrastructureException>(() => KextPackage.Create(folder.Path, info, bundle.Folder, null)).Message.ShouldContain("test");
        Should.Throw<InfrastructureException>(() => SigningCommands.BuildInstaller(folder.Path, info, "a.pkg", null));
        Directory.GetFiles(folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public void Refuses_a_link_and_leaves_no_half_zip()
    {
        var bundle = KextBundle.Create(folder.Path, Samples.Info, new byte[] { 1 });
        File.CreateSymbolicLink(Path.Combine(bundle.Folder, "Contents", "up"), folder.Path);
        Should.Throw<InfrastructureException>(() => KextPackage.Create(folder.Path, Samples.Info, bundle.Folder, null));
        Directory.GetFiles(folder.Path).ShouldBeEmpty();
    }

    private string Pack(string place)
    {
        var bundle = KextBundle.Create(Path.Combine(folder.Path, place), Samples.Info, new byte[] { 1, 2, 3 });
        var symbols = Directory.CreateDirectory(Path.Combine(folder.Path, place, "sample.kext.dSYM")).FullName;
        File.WriteAllText(Path.Combine(symbols, "symbols"), "symbols");
        return KextPackage.Create(Path.Combine(folder.Path, place), Samples.Info, bundle.Folder, symbols);
    }
}
