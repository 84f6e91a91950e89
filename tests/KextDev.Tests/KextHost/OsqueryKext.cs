using KextDev.Bundles;
using KextDev.Processes;
using KextDev.Tests.MachO;

namespace KextDev.Tests.KextHost;

/// <summary>This repository's own extension, its test build, from its sources.</summary>
internal static class OsqueryKext
{
    public const string Identifier = "com.facebook.security.osquery";

    private const string Kmod = """
        int osquery_start(void *info, void *data); int osquery_stop(void *info, void *data);
        struct __attribute__((packed, aligned(4))) kmod_info {
            void *next; int version; unsigned id; char name[64]; char text[64]; int count; void *list;
            unsigned long address, size, header; int (*start)(void *, void *); int (*stop)(void *, void *);
        };
        struct kmod_info kmod_info = { .version = 1, .id = -1u, .name = "com.facebook.security.osquery", .text = "1.0", .count = -1,
            .start = osquery_start, .stop = osquery_stop };
        """;

    private static readonly string Kext = Path.Combine(Repository.Root, "kext");

    public static async Task<string> BuildAsync(TemporaryFolder folder)
    {
        string[] flags =
        [
            "-target", "x86_64-apple-macosx10.13", "-mkernel", "-nostdinc", "-fno-builtin", "-fno-common", "-std=gnu11", "-O2", "-g", "-DOSQ_TEST_BUILD",
            .. new[] { "darwin/include", "include", "core", "darwin" }.Select(inner => "-I" + Path.Combine(Kext, inner)),
        ];
        string[] sources =
        [
            .. Directory.EnumerateFiles(Path.Combine(Kext, "darwin"), "*.c"), .. Directory.EnumerateFiles(Path.Combine(Kext, "core"), "*.c"),
            folder.Write("kmod.c", Kmod),
        ];
        await new HostCommand("clang-14", [.. flags, "-c", .. sources]) { WorkingDirectory = folder.Path }.RunAsync(CancellationToken.None);
        var objects = sources.Select(source => Clang.Read(folder.Combine(Path.ChangeExtension(Path.GetFileName(source), ".o"))));
        var executable = LinkedKext.Link([.. objects]);
        var path = folder.Combine("osquery.kext");
        KextBundle.Create(
            folder.Path,
            new KextInfo("osquery", Identifier, "1.0", new Dictionary<string, string>(TestKext.Libraries, StringComparer.Ordinal) { ["com.apple.kpi.dsep"] = "13.0.0" }),
            executable);
        return path;
    }
}
