using System.Text;
using KextDev.Bundles;

namespace KextDev.Tests.Bundles;

public sealed class KextBundleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Creates_the_classic_layout_with_every_key()
    {
        var bundle = KextBundle.Create(folder.Path, Samples.Info with { RequiredAt = "Root" }, new byte[] { 1, 2, 3 });
        bundle.Findings.ShouldBeEmpty();
        bundle.Layout.ShouldBe(BundleLayout.Modern);
        bundle.Files.Where(file => !file.IsFolder).Select(file => file.Path).ShouldBe(
            ["Contents/Info.plist", "Contents/MacOS/sample", "Contents/Resources/en.lproj/InfoPlist.strings"]);
        File.ReadAllBytes(bundle.ExecutablePath!).ShouldBe([1, 2, 3]);
        bundle.Strings["CFBundleName"].ShouldBe("sample");
        var info = bundle.Info.ShouldNotBeNull();
        info.Entries.Keys.Order(StringComparer.Ordinal).ShouldBe(
        [
            "CFBundleDevelopmentRegion", "CFBundleExecutable", "CFBundleGetInfoString", "CFBundleIdentifier", "CFBundleInfoDictionaryVersion",
            "CFBundleName", "CFBundlePackageType", "CFBundleShortVersionString", "CFBundleSignature", "CFBundleVersion",
            "NSHumanReadableCopyright", "OSBundleAllowUserLoad", "OSBundleLibraries", "OSBundleRequired",
        ]);
        info.TextOf("CFBundlePackageType").ShouldBe("KEXT");
        info.TextOf("CFBundleSignature").ShouldBe("????");
        info.TextOf("CFBundleInfoDictionaryVersion").ShouldBe("6.0");
        info.TextOf("CFBundleGetInfoString").ShouldBe("sample 1.2.3, Copyright its authors");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(bundle.ExecutablePath!).ShouldBe((UnixFileMode)0b111_101_101);
            bundle.Files.ShouldAllBe(file => (file.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == UnixFileMode.None);
        }
    }

    [Fact]
    public void Replaces_an_older_bundle_whole_and_leaves_nothing_beside_it()
    {
        var old = KextBundle.Create(folder.Path, Samples.Info with { Executable = "older" }, new byte[] { 9 });
        File.WriteAllText(Path.Combine(old.Folder, "Contents", "stale"), "");
        var bundle = KextBundle.Create(folder.Path, Samples.Info, new byte[] { 1 });
        bundle.Files.ShouldNotContain(file => file.Path.EndsWith("older", StringComparison.Ordinal) || file.Path.EndsWith("stale", StringComparison.Ordinal));
        Directory.GetFileSystemEntries(folder.Path).ShouldBe([bundle.Folder]);
    }

    [Fact]
    public void Says_when_the_folder_cannot_be_written()
    {
        File.WriteAllText(Path.Combine(folder.Path, "file"), "");
        Should.Throw<InfrastructureException>(() => KextBundle.Create(Path.Combine(folder.Path, "file"), Samples.Info, new byte[] { 1 }));
    }

    [Theory]
    [InlineData("../out")]
    [InlineData("")]
    [InlineData("..")]
    public void Refuses_names_that_lead_out_of_the_bundle(string name) =>
        Should.Throw<ArgumentException>(() => KextBundle.Create(folder.Path, Samples.Info with { Executable = name }, new byte[] { 1 }));

    [Fact]
    public void Reads_the_flat_layout_and_plug_ins()
    {
        var old = Directory.CreateDirectory(Path.Combine(folder.Path, "old.kext")).FullName;
        WriteInfo(old, "old");
        File.WriteAllBytes(Path.Combine(old, "old"), [7]);
        var plugIn = Directory.CreateDirectory(Path.Combine(old, "PlugIns", "part.kext", "Contents")).FullName;
        WriteInfo(plugIn, "part");
        var bundle = KextBundle.Read(old);
        bundle.Layout.ShouldBe(BundleLayout.Flat);
        bundle.ExecutablePath.ShouldBe(Path.Combine(old, "old"));
        var part = bundle.PlugIns.ShouldHaveSingleItem();
        part.Layout.ShouldBe(BundleLayout.Modern);
        part.Identifier.ShouldBe("org.example.part");
        part.ExecutablePath.ShouldBeNull();
    }

    [Fact]
    public void Tells_of_a_missing_and_of_a_malformed_Info_plist()
    {
        var broken = Directory.CreateDirectory(Path.Combine(folder.Path, "a.kext", "Contents")).FullName;
        KextBundle.Read(Path.GetDirectoryName(broken)!).Findings.ShouldHaveSingleItem().Code.ShouldBe("KC1001");
        File.WriteAllText(Path.Combine(broken, "Info.plist"), "<plist><dict>");
        KextBundle.Read(Path.GetDirectoryName(broken)!).Findings.ShouldHaveSingleItem().Code.ShouldBe("PL1101");
        File.WriteAllText(Path.Combine(broken, "Info.plist"), "<plist><array/></plist>");
        KextBundle.Read(Path.GetDirectoryName(broken)!).Findings.ShouldHaveSingleItem().Code.ShouldBe("KC1002");
    }

    [Fact]
    public void Does_not_follow_a_link_to_a_folder_above()
    {
        var bundle = KextBundle.Create(folder.Path, Samples.Info, new byte[] { 1 });
        File.CreateSymbolicLink(Path.Combine(bundle.Folder, "Contents", "up"), folder.Path);
        KextBundle.Read(bundle.Folder).Files.Count(file => file.IsLink).ShouldBe(1);
    }

    [Fact]
    public void Says_that_there_is_no_bundle() =>
        Should.Throw<InfrastructureException>(() => KextBundle.Read(Path.Combine(folder.Path, "none.kext"))).Message.ShouldContain("none.kext");

    [Fact]
    public async Task Finds_who_owns_the_files()
    {
        var bundle = KextBundle.Create(folder.Path, Samples.Info, new byte[] { 1 });
        var strangers = await FileOwners.NotRootAsync(bundle.Folder, CancellationToken.None);
        // Files of one user: all are root's or none is.
        strangers.Count.ShouldBe(Environment.IsPrivilegedProcess ? 0 : bundle.Files.Count);
    }

    private static void WriteInfo(string place, string name) => File.WriteAllText(
        Path.Combine(place, "Info.plist"),
        $"<plist><dict><key>CFBundleIdentifier</key><string>org.example.{name}</string><key>CFBundleExecutable</key><string>{name}</string></dict></plist>",
        Encoding.UTF8);
}
