using KextDev.Bundles;
using KextDev.Projects;
using KextDev.Toolchains;
using KextDev.Toolchains.Darwin;

namespace KextDev.Tests.KextHost;

/// <summary>The sample extension, built as its users build it, under its own tests.</summary>
[Collection(nameof(KextHostBuild))]
public sealed class EchoKextTests(KextHostBuild build) : IDisposable
{
    private const string Identifier = "org.kextdev.echo";
    private const int NotFound = 1;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>It loads on every release, and in kexthost every program that tests it says ok, which leaves nothing behind.</summary>
    [Fact]
    public async Task Loads_on_every_release_and_passes_its_own_tests()
    {
        var project = Project.Load(CopySources());
        var kext = await BuildKextAsync(project);
        var inspected = (await BundleInspection.RunAsync(kext, project.RequireDarwin().Releases, CancellationToken.None)).Result;
        var programs = await new GuestProgramToolchain(_folder.Combine("build"), _ => { }, _ => { })
            .BuildAsync(project, GuestProgramTarget.KextHost(Path.Combine(Repository.Root, "kext", "host")), CancellationToken.None);
        await using var host = await RunningHost.StartAsync(build, "--check");

        inspected.LoadsOn.ShouldBe(MacRelease.All);
        inspected.Libraries.ShouldNotBeNull().Keys.ShouldBe(project.RequireDarwin().Info.Libraries.Keys, ignoreOrder: true);
        foreach (var test in project.Tests)
        {
            await RunAsync(test, programs.Single(program => program.Name == test.Name), host, kext);
        }
    }

    private static async Task RunAsync(TestDeclaration test, GuestProgram program, RunningHost host, string kext)
    {
        var loads = test.Extension == ExtensionState.Unloaded;
        if (!loads)
        {
            (await host.LoadAsync(kext)).ExitCode.ShouldBe(0);
        }

        var result = await host.TesterCommand(program.Path, kext, Identifier).TryRunAsync(CancellationToken.None);

        result.ExitCode.ShouldBe(0, $"{test.Name}: {result.Output}{result.Error}");
        result.Output.ShouldNotContain("not ok");
        (await host.UnloadAsync(Identifier)).ExitCode.ShouldBe(loads ? NotFound : 0, test.Name);
    }

    private async Task<string> BuildKextAsync(Project project)
    {
        var toolchain = await CrossToolchain.FindAsync(sdk: null, CancellationToken.None);
        var lines = new List<string>();
        var kext = await new KextBuild(toolchain, _folder.Combine("build"), lines.Add, _ => { }).RunAsync(project, "normal", BuildConfiguration.Debug, CancellationToken.None);
        lines.ShouldBeEmpty();
        return kext.BundleFolder;
    }

    /// <summary>A copy: the build writes compile_commands.json beside the manifest.</summary>
    private string CopySources()
    {
        foreach (var part in (string[])["samples/echo", "darwin/include", "tests"])
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "kext", part), "*", SearchOption.AllDirectories))
            {
                _folder.Write(Path.GetRelativePath(Repository.Root, file), File.ReadAllText(file));
            }
        }

        return _folder.Combine("kext/samples/echo");
    }
}
