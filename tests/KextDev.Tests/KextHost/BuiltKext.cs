using KextDev.Projects;
using KextDev.Toolchains.Darwin;

namespace KextDev.Tests.KextHost;

/// <summary>A kext of this repository, built as its users build it, from a copy: the build writes compile_commands.json beside the manifest.</summary>
internal static class BuiltKext
{
    /// <summary>The repository's own extension, with a fault put into one of its sources.</summary>
    /// <param name="file">Below kext/.</param>
    /// <param name="line">The only one of its kind there.</param>
    public static Task<Kext> FaultyOsqueryAsync(TemporaryFolder folder, BuildConfiguration configuration, string file, string line, string faultyLine)
    {
        Copy(folder, "kext/darwin", "kext/core", "kext/include", "kext/linux", "kext/tests", "kext/user");
        folder.Write("kext/kextdev.json", File.ReadAllText(Path.Combine(Repository.Root, "kext", "kextdev.json")));
        var source = File.ReadAllText(folder.Combine("kext/" + file));
        source.Split(line).Length.ShouldBe(2);
        folder.Write("kext/" + file, source.Replace(line, faultyLine, StringComparison.Ordinal));
        return BuildAsync(folder, "kext", configuration);
    }

    /// <summary>One of those in tests/bad-kexts.</summary>
    public static Task<Kext> BadAsync(TemporaryFolder folder, string name)
    {
        Copy(folder, "kext/darwin/include", "tests/bad-kexts/" + name);
        return BuildAsync(folder, "tests/bad-kexts/" + name, BuildConfiguration.Debug);
    }

    private static void Copy(TemporaryFolder folder, params IEnumerable<string> parts)
    {
        foreach (var file in parts.SelectMany(part => Directory.EnumerateFiles(Path.Combine(Repository.Root, part), "*", SearchOption.AllDirectories)))
        {
            folder.Write(Path.GetRelativePath(Repository.Root, file), File.ReadAllText(file));
        }
    }

    private static async Task<Kext> BuildAsync(TemporaryFolder folder, string project, BuildConfiguration configuration)
    {
        var toolchain = await CrossToolchain.FindAsync(sdk: null, CancellationToken.None);
        var lines = new List<string>();
        var kext = await new KextBuild(toolchain, folder.Combine("build"), lines.Add, _ => { })
            .RunAsync(Project.Load(folder.Combine(project)), "normal", configuration, CancellationToken.None);
        lines.ShouldBeEmpty();
        return kext;
    }
}
