namespace KextDev.Tests.Projects;

/// <summary>A project on disk that is in order, for tests that break it.</summary>
public sealed class ProjectFolder : IDisposable
{
    public ProjectFolder()
    {
        foreach (var source in (string[])["linux/Kbuild", "linux/main.c", "tests/a.c", "tests/b.c", "tests/ktap.c", "user/tool.c"])
        {
            Write(source, "");
        }

        Write("kextdev.json", Manifest);
    }

    public const string Manifest = """
        {
          "name": "sample",
          "platforms": {
            "linux": {
              "guest": "embedded",
              "kbuild": "linux",
              "module": "sample",
              "variants": { "normal": [], "test": ["-DTEST"] }
            }
          },
          "programs": {
            "flags": ["-Wall"],
            "common": ["tests/ktap.c"],
            "others": { "tool": "user/tool.c" }
          },
          "tests": [
            {
              "name": "ring_stress",
              "source": "tests/a.c",
              "variant": "test",
              "timeLimit": 120,
              "arguments": ["-v"],
              "plans": { "quick": ["-n", "1"], "soak": ["-s", "{seconds}"] }
            },
            { "name": "lifecycle", "source": "tests/b.c", "extension": "unloaded", "timeLimit": 30 },
            { "name": "ring_full", "source": "tests/b.c", "timeLimit": 60, "plans": { "full": [] } }
          ]
        }
        """;

    public string Path { get; } = Directory.CreateTempSubdirectory("kextdev-").FullName;

    public string ManifestFile => PathOf("kextdev.json");

    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
