using System.Text.Json;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.Processes;
using KextDev.Projects;
using KextDev.Toolchains;

namespace KextDev.GuestTests.Toolchains;

/// <summary>A small module against the embedded guest's own kernel headers.</summary>
public sealed class RealModuleTests : IAsyncLifetime, IDisposable
{
    private readonly GuestPlace _place = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("kextdev-module-").FullName;
    private readonly List<string> _lines = [];
    private KernelTree _tree = null!;

    public async Task InitializeAsync()
    {
        Write(
            "kextdev.json",
            """
            {
              "name": "sample",
              "platforms": { "linux": { "kbuild": "linux", "module": "sample", "variants": { "normal": [], "test": ["-DSAMPLE_TEST", "-DSAMPLE_TEXT=\"two words\""] } } },
              "programs": {},
              "tests": []
            }
            """);
        Write("linux/Kbuild", "obj-m := sample.o\nsample-y := main.o ../core/ring.o\nccflags-y := -I$(src)/../core\n");
        Write("core/ring.h", "int sample_ring(void);\n");
        Write("core/ring.c", "#include \"ring.h\"\nint sample_ring(void) { return 3; }\n");
        Write("linux/main.c", Source);
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, _place.Site);
        _tree = await ((IKernelHeaders)guest).GetKernelTreeAsync(CancellationToken.None);
    }

    private const string Source = """
        // SPDX-License-Identifier: MIT OR GPL-2.0-only
        #include <linux/module.h>
        #include "ring.h"
        #ifdef SAMPLE_TEST
        static const char *const sample_text = SAMPLE_TEXT;
        #else
        static const char *const sample_text = "";
        #endif
        static int __init sample_init(void) { pr_info("sample: %s%d\n", sample_text, sample_ring()); return 0; }
        static void __exit sample_exit(void) { }
        module_init(sample_init);
        module_exit(sample_exit);
        MODULE_LICENSE("Dual MIT/GPL");
        """;

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        _place.Dispose();
    }

    [Fact]
    public async Task Builds_each_variant_for_the_guests_kernel_and_nothing_the_second_time()
    {
        var normal = await BuildAsync("normal");
        var test = await BuildAsync("test");
        var written = File.GetLastWriteTimeUtc(normal.Path);

        normal.Release.ShouldBe(_tree.Release);
        normal.BuildId.ShouldNotBeNull();
        normal.BuildId.ShouldNotBe(test.BuildId);
        var lean = LinuxModule.Read(normal.LeanPath, "normal");
        (lean.Name, lean.Vermagic, lean.BuildId).ShouldBe((normal.Name, normal.Vermagic, normal.BuildId));
        new FileInfo(lean.Path).Length.ShouldBeLessThan(new FileInfo(normal.Path).Length / 2);
        (await BuildAsync("normal")).ShouldBe(normal);
        File.GetLastWriteTimeUtc(normal.Path).ShouldBe(written);
        _lines.ShouldBeEmpty();
        Directory.GetFiles(_folder, "*.o", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task Tells_editors_commands_that_compile_the_users_own_files()
    {
        await BuildAsync("normal");

        using var commands = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "compile_commands.json")));
        var entries = commands.RootElement.EnumerateArray().ToList();
        entries.Select(entry => entry.GetProperty("file").GetString()).ShouldBe([$"{_folder}/core/ring.c", $"{_folder}/linux/main.c"], ignoreOrder: true);
        foreach (var entry in entries)
        {
            var words = entry.GetProperty("arguments").EnumerateArray().Select(word => word.GetString()!).ToList();
            words[^1].ShouldBe(entry.GetProperty("file").GetString());
            (await new HostCommand(words[0], [.. words.Skip(1), "-fsyntax-only"]) { WorkingDirectory = entry.GetProperty("directory").GetString() }
                .RunAsync(CancellationToken.None)).Error.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Builds_again_after_a_header_was_replaced_by_an_older_one()
    {
        var before = await BuildAsync("normal");
        Write("core/ring.c", "#include \"ring.h\"\nint sample_ring(void) { return 4; }\n");
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "core/ring.c"), DateTime.UtcNow.AddYears(-1));

        (await BuildAsync("normal")).Sha256.ShouldNotBe(before.Sha256);
    }

    [Fact]
    public async Task Begins_a_failure_with_the_compilers_message_on_the_users_own_file()
    {
        Write("core/ring.c", "#include \"ring.h\"\nint sample_ring(void) { return nothing; }\n");

        var exception = await Should.ThrowAsync<BuildFailedException>(() => BuildAsync("normal"));

        exception.Message.ShouldStartWith($"{_folder}/core/ring.c:2:");
        exception.Message.Split('\n')[0].ShouldContain("error: ");
    }

    [Fact]
    public async Task Says_that_the_kernel_exports_no_such_function()
    {
        Write("core/ring.c", "#include \"ring.h\"\nint sample_nowhere(void);\nint sample_ring(void) { return sample_nowhere(); }\n");

        (await Should.ThrowAsync<BuildFailedException>(() => BuildAsync("normal"))).Message.ShouldStartWith("ERROR: modpost: \"sample_nowhere\"");
    }

    private Task<LinuxModule> BuildAsync(string variant) =>
        new LinuxModuleToolchain(_place.State.Build, _lines.Add, _place.Notes.Enqueue).BuildAsync(Project.Load(_folder), variant, _tree, CancellationToken.None);

    private void Write(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
