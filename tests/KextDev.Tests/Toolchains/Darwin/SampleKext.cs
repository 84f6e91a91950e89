using KextDev.Projects;
using KextDev.Toolchains.Darwin;

namespace KextDev.Tests.Toolchains.Darwin;

/// <summary>A small kext's project on disk, in C or C++, and its build by the host's real compiler.</summary>
internal sealed class SampleKext : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public const string MainC = """
        #include "count.h"
        #include <kernel.h>
        int sample_start(struct kmod_info *info, void *data);
        int sample_stop(struct kmod_info *info, void *data);
        int sample_start(struct kmod_info *info, void *data)
        {
            printf("%s %d\n", OSKextGetCurrentIdentifier(), count());
            return 0;
        }
        int sample_stop(struct kmod_info *info, void *data) { return 0; }
        """;

    private const string Manifest = """
        {
          "name": "sample",
          "platforms": {
            "darwin": {
              "identifier": "org.example.sample",
              "version": "1.2.3",
              "sources": ["src/*.c"],
              "include": ["include"],
              "headers": "kernel",
              "flags": ["-std=gnu11", "-std=gnu++14", "-Wall", "-Wextra", "-Wno-unused-parameter"],
              "start": "sample_start",
              "stop": "sample_stop",
              "libraries": { "com.apple.kpi.libkern": "8.0.0" },
              "variants": { "normal": [], "test": ["-DSAMPLE_TEST"] }
            }
          },
          "programs": {},
          "tests": []
        }
        """;

    public SampleKext()
    {
        Write("kextdev.json", Manifest);
        Write("kernel/kernel.h", "struct kmod_info;\nint printf(const char *, ...);\nconst char *OSKextGetCurrentIdentifier(void);\n");
        Write("include/count.h", "int count(void);\n");
        Write("src/main.c", MainC);
        Write("src/count.c", "#include \"count.h\"\nint count(void) { return 3; }\n");
        Write("src/alone.c", "extern int alone;\nint alone = 1;\n");
    }

    public string Folder => _folder.Path;

    public List<string> Lines { get; } = [];

    public string PathOf(string name) => _folder.Combine(name);

    public void Write(string name, string text) => _folder.Write(name, text);

    /// <summary>Replaces text of the manifest.</summary>
    public void Change(string from, string to)
    {
        var text = File.ReadAllText(PathOf("kextdev.json"));
        text.ShouldContain(from);
        Write("kextdev.json", text.Replace(from, to, StringComparison.Ordinal));
    }

    public async Task<Kext> BuildAsync(
        string variant = "normal", BuildConfiguration configuration = BuildConfiguration.Debug, IKextToolchain? toolchain = null, string? sdk = null,
        CancellationToken cancellationToken = default)
    {
        var found = toolchain ?? await CrossToolchain.FindAsync(sdk, CancellationToken.None);
        return await new KextBuild(found, PathOf(".build"), Lines.Add, _ => { })
            .RunAsync(Project.Load(Folder), variant, configuration, cancellationToken);
    }

    /// <summary>The objects of the normal debug build, by their sources' names, and when each was made.</summary>
    public Dictionary<string, DateTime> Objects() => Directory
        .EnumerateFiles(PathOf(".build/sample/darwin-normal-debug/objects"), "*.o", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetFileNameWithoutExtension(file), File.GetLastWriteTimeUtc, StringComparer.Ordinal);

    public void Dispose() => _folder.Dispose();
}
