using KextDev.Bundles;
using KextDev.Projects;

namespace KextDev.Tests.Projects;

public sealed class DarwinReaderTests : IDisposable
{
    private const string Manifest = """
        {
          "name": "sample",
          "platforms": {
            "darwin": {
              "identifier": "org.example.sample",
              "version": "1.2.3",
              "bundle": "Sample",
              "copyright": "Copyright its authors",
              "sources": ["darwin/*.c", "core/**/*.cpp"],
              "include": ["include"],
              "headers": "kernel",
              "flags": ["-Wall"],
              "start": "sample_start",
              "stop": "sample_stop",
              "libraries": { "com.apple.kpi.libkern": "8.0.0" },
              "deploymentTarget": "10.14.1",
              "minimumRelease": "10.11",
              "requiredAt": "localRoot",
              "compatibleVersion": "1.0",
              "personalities": { "Sample": { "IOClass": "Sample", "IOProbeScore": 100, "Weight": 1.5, "Names": ["a", "b"], "On": true } },
              "info": { "OSBundleAllowUserLoad": true },
              "variants": { "normal": [], "test": ["-DTEST"] }
            }
          },
          "programs": {},
          "tests": []
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public DarwinReaderTests()
    {
        foreach (var file in (string[])["darwin/b.c", "darwin/a.c", "darwin/a.h", "darwin/.#a.c", "darwin/deep/c.c", "core/x.cpp", "core/deep/y.cpp", "include/a.h", "kernel/k.h"])
        {
            _folder.Write(file, "");
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reads_what_a_kext_is_made_of()
    {
        var darwin = Load(Manifest).RequireDarwin();

        darwin.Sources.ShouldBe(((string[])["darwin/a.c", "darwin/b.c", "core/deep/y.cpp", "core/x.cpp"]).Select(_folder.Combine));
        darwin.Include.ShouldBe([_folder.Combine("include")]);
        darwin.Headers.ShouldBe(_folder.Combine("kernel"));
        darwin.Start.ShouldBe("sample_start");
        darwin.DeploymentTarget.ShouldBe("10.14.1");
        darwin.Releases.Select(release => release.Name).ShouldBe(["10.11", "10.12", "10.13", "10.14", "10.15", "11"]);
        darwin.DefaultVariant.ShouldBe("normal");
        var info = darwin.Info.ToPlist();
        info.TextOf("CFBundleName").ShouldBe("Sample");
        info.TextOf("OSBundleRequired").ShouldBe("Local-Root");
        info.TextOf("OSBundleCompatibleVersion").ShouldBe("1.0");
        info["OSBundleAllowUserLoad"].ShouldBe(new PlistFlag(true));
        var personality = ((PlistDict)info["IOKitPersonalities"]!)["Sample"].ShouldBeOfType<PlistDict>();
        personality["IOProbeScore"].ShouldBe(new PlistInteger(100));
        personality["Weight"].ShouldBe(new PlistReal(1.5));
        personality["Names"].ShouldBeOfType<PlistArray>().Items.ShouldBe([new PlistText("a"), new PlistText("b")]);
        personality["On"].ShouldBe(new PlistFlag(true));
    }

    [Fact]
    public void Loads_on_the_deployment_target_and_later_where_nothing_else_is_said()
    {
        var darwin = Load(Manifest.Replace("\"deploymentTarget\": \"10.14.1\",", "").Replace("\"minimumRelease\": \"10.11\",", "")).RequireDarwin();

        darwin.DeploymentTarget.ShouldBe("10.13");
        darwin.Releases[0].Name.ShouldBe("10.13");
    }

    [Fact]
    public void A_target_of_the_other_platform_says_what_is_missing()
    {
        var project = Load(Manifest);

        project.Linux.ShouldBeNull();
        Should.Throw<InfrastructureException>(() => project.RequireLinux()).Message
            .ShouldBe($"The project sample has no Linux module: {_folder.Combine("kextdev.json")} declares no platforms.linux. Declare it, or build for the platform that is there.");
    }

    [Fact]
    public void Takes_headers_from_anywhere()
    {
        var other = Directory.CreateDirectory(_folder.Combine("../headers-" + Guid.NewGuid().ToString("N"))).FullName;
        try
        {
            Load(Manifest.Replace("\"kernel\"", $"\"../{Path.GetFileName(other)}/\"", StringComparison.Ordinal)).RequireDarwin().Headers.ShouldBe(other);
        }
        finally
        {
            Directory.Delete(other);
        }
    }

    [Theory]
    [InlineData("\"darwin\":", "\"darwni\":", 4, "unknown key 'darwni' in platforms. Allowed: darwin, linux. Did you mean 'darwin'?")]
    [InlineData("\"org.example.sample\"", "\"sample\"", 5, "'sample' cannot be a bundle's identifier")]
    [InlineData("\"org.example.sample\"", "\"org.exa mple\"", 5, "'org.exa mple' cannot be a bundle's identifier")]
    [InlineData("\"1.2.3\"", "\"1.2.3.4\"", 6, "'1.2.3.4' is no version that a kext may have")]
    [InlineData("\"Sample\",", "\"../Sample\",", 7, "'../Sample' cannot be a name")]
    [InlineData("darwin/*.c", "drawin/*.c", 9, "no file matches drawin/*.c. Paths are relative to the manifest's folder.")]
    [InlineData("darwin/*.c", "darwin/main.c", 9, "the source darwin/main.c does not exist")]
    [InlineData("darwin/*.c", "darwin/*.h", 9, "'darwin/*.h' is no C or C++ source")]
    [InlineData("darwin/*.c", "../*.c", 9, "'../*.c' lies outside of the manifest's folder")]
    [InlineData("[\"include\"]", "[\"includes\"]", 10, "the folder includes does not exist")]
    [InlineData("\"sample_start\"", "\"sample start\"", 13, "'sample start' cannot be a C function's name")]
    [InlineData("\"stop\": \"sample_stop\",", "", 13, "\"start\" and \"stop\" belong together")]
    [InlineData("\"8.0.0\"", "\"eight\"", 15, "'eight' is no version that a kext may have")]
    [InlineData("\"10.14.1\"", "\"Mojave\"", 16, "'Mojave' is no macOS version")]
    [InlineData("\"10.11\"", "\"10.1\"", 17, "what the kernel of macOS '10.1' takes is not known. Known: 10.9, 10.10")]
    [InlineData("\"localRoot\"", "\"localroot\"", 18, "unknown value 'localroot' of platforms.darwin.requiredAt. Allowed: console, localRoot, networkRoot, root, safeBoot. Did you mean 'localRoot'?")]
    [InlineData("\"IOProbeScore\": 100", "\"IOProbeScore\": null", 20, "a property list has no null")]
    [InlineData("\"On\": true", "\"On\": { \"a\": 1, \"a\": 2 }", 20, "the key 'a' stands there twice")]
    [InlineData("{ \"normal\": [], \"test\": [\"-DTEST\"] }", "{}", 22, "no variant is declared")]
    public void Says_in_which_line_a_manifest_makes_no_sense(string right, string wrong, int line, string problem)
    {
        Manifest.ShouldContain(right);

        Should.Throw<ManifestException>(() => Load(Manifest.Replace(right, wrong, StringComparison.Ordinal))).Message
            .ShouldStartWith($"{_folder.Combine("kextdev.json")}:{line}: {problem}");
    }

    [Fact]
    public void A_project_has_at_least_one_platform() =>
        Should.Throw<ManifestException>(() => Load("{ \"name\": \"sample\",\n \"platforms\": {}, \"programs\": {}, \"tests\": [] }")).Message
            .ShouldEndWith("kextdev.json:2: no platform is declared. Declare platforms.linux, platforms.darwin, or both.");

    [Fact]
    public void Both_platforms_have_the_same_variants()
    {
        _folder.Write("linux/Kbuild", "");
        var both = Manifest.Replace("\"platforms\": {", "\"platforms\": { \"linux\": { \"kbuild\": \"linux\", \"module\": \"sample\", \"variants\": { \"normal\": [], \"tset\": [] } },");

        Should.Throw<ManifestException>(() => Load(both)).Message
            .ShouldContain("kextdev.json:22: the variants are normal, test, and those of platforms.linux normal, tset");
        Load(both.Replace("tset", "test")).Linux.ShouldNotBeNull();
    }

    private Project Load(string manifest) => Project.Load(_folder.Write("kextdev.json", manifest));
}
