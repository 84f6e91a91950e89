using KextDev.MachO;
using KextDev.Processes;

namespace KextDev.Tests.MachO;

/// <summary>Compiles for a macOS kernel, with the real compiler, into a folder.</summary>
internal static class Clang
{
    /// <summary>What every kext has: kmod_info with start and stop.</summary>
    public const string KmodSource = """
        #pragma pack(4)
        struct kmod_info {
            void *next; int version; unsigned id; char name[64]; char text[64]; int count; void *list;
            unsigned long address, size, header; int (*start)(struct kmod_info *, void *); int (*stop)(struct kmod_info *, void *);
        };
        #pragma pack()
        static int start(struct kmod_info *info, void *data) { return 0; }
        static int stop(struct kmod_info *info, void *data) { return 0; }
        struct kmod_info kmod_info = { 0, 1, -1u, "org.example.sample", "1.2.3", -1, 0, 0, 0, 0, start, stop };
        _Static_assert(sizeof(struct kmod_info) == 196, "as the kernel has it");
        """;

    private static readonly string[] Kernel =
        ["-target", "x86_64-apple-macosx10.13", "-mkernel", "-fno-builtin", "-nostdinc", "-fno-common", "-O1", "-g"];

    /// <param name="name">Of the source; ".cc" makes it C++ for a kext, ".s" assembly.</param>
    public static async Task<LinkInput> CompileAsync(TemporaryFolder folder, string name, string source, params IEnumerable<string> options)
    {
        var output = folder.Combine(Path.ChangeExtension(name, ".o"));
        string[] language = Path.GetExtension(name) switch
        {
            ".cc" => ["-fapple-kext", "-fno-exceptions", "-fno-rtti", "-nostdinc++"],
            _ => [],
        };
        await new HostCommand("clang-14", [.. Kernel, .. language, .. options, "-c", folder.Write(name, source), "-o", output]).RunAsync(CancellationToken.None);
        return Read(output);
    }

    public static async Task<LinkInput> KmodAsync(TemporaryFolder folder) => await CompileAsync(folder, "kmod.c", KmodSource);

    public static LinkInput Read(string path) =>
        new(path, File.ReadAllBytes(path)) { Modified = new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeSeconds() };
}
