using KextDev.Bundles;
using KextDev.Projects;
using KextDev.Toolchains.Darwin;

namespace KextDev.Tests.Toolchains.Darwin;

/// <summary>The extension of this repository, built by its own manifest.</summary>
public sealed class OwnKextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("normal", BuildConfiguration.Debug)]
    [InlineData("normal", BuildConfiguration.Release)]
    [InlineData("test", BuildConfiguration.Debug)]
    [InlineData("test", BuildConfiguration.Release)]
    public async Task Loads_on_every_release_from_10_9_to_11(string variant, BuildConfiguration configuration)
    {
        // A copy: the build writes compile_commands.json beside the manifest.
        var kext = Path.Combine(Repository.Root, "kext");
        foreach (var file in Directory.EnumerateFiles(kext, "*", SearchOption.AllDirectories))
        {
            _folder.Write(Path.GetRelativePath(kext, file), await File.ReadAllTextAsync(file));
        }

        var project = Project.Load(_folder.Path);
        var lines = new List<string>();
        var toolchain = await CrossToolchain.FindAsync(sdk: null, CancellationToken.None);
        var built = await new KextBuild(toolchain, _folder.Combine(".build"), lines.Add, _ => { }).RunAsync(project, variant, configuration, CancellationToken.None);

        lines.ShouldBeEmpty();
        var result = (await BundleInspection.RunAsync(built.BundleFolder, project.RequireDarwin().Releases, CancellationToken.None)).Result;
        result.Findings.ShouldNotContain(finding => finding.Severity == Severity.Error);
        result.LoadsOn.ShouldBe(MacRelease.All);
        result.Libraries.ShouldNotBeNull().Keys.ShouldBe(project.RequireDarwin().Info.Libraries.Keys, ignoreOrder: true);
    }
}
