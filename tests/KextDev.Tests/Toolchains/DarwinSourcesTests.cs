using System.Text.RegularExpressions;
using KextDev.Bundles;
using KextDev.MachO;
using KextDev.Processes;
using KextDev.Tests.MachO;

namespace KextDev.Tests.Toolchains;

/// <summary>
/// kext/darwin and kext/core against the declarations in kext/darwin/include: compiled by the real compiler as a kernel extension, linked,
/// and every import held against what the kernels export.
/// </summary>
public sealed partial class DarwinSourcesTests : IDisposable
{
    private static readonly string Kext = Path.Combine(Repository.Root, "kext");

    private static readonly string[] Flags =
    [
        "-target", "x86_64-apple-macosx10.13", "-mkernel", "-nostdinc", "-fno-builtin", "-fno-common", "-std=gnu11",
        "-Wall", "-Wextra", "-Werror", "-Wmissing-prototypes", "-Wstrict-prototypes",
        .. new[] { "darwin/include", "include", "core", "darwin" }.Select(folder => "-I" + Path.Combine(Kext, folder)),
    ];

    /// <summary>Supported KPIs, and com.apple.kpi.dsep for the one thing that no other has.</summary>
    private static readonly string[] Supported = ["com.apple.kpi.bsd", "com.apple.kpi.iokit", "com.apple.kpi.libkern", "com.apple.kpi.mach"];

    private static readonly string[] OfDsep = ["_mac_policy_register", "_mac_policy_unregister"];

    /// <summary>The extension asks whether the kernel has it.</summary>
    private static readonly string[] MayBeAbsent = ["_thread_tid"];

    private const string Kmod = """
        #include <mach/mach_types.h>
        kern_return_t osquery_start(kmod_info_t *info, void *data);
        kern_return_t osquery_stop(kmod_info_t *info, void *data);
        struct __attribute__((packed, aligned(4))) kmod_info {
            void *next; int version; unsigned id; char name[64]; char text[64]; int count; void *list;
            unsigned long address, size, header;
            kern_return_t (*start)(kmod_info_t *, void *); kern_return_t (*stop)(kmod_info_t *, void *);
        };
        _Static_assert(sizeof(struct kmod_info) == 196, "as the kernel has it");
        struct kmod_info kmod_info = {
            .version = 1, .id = -1u, .name = "com.facebook.security.osquery", .text = "1.0", .count = -1, .start = osquery_start, .stop = osquery_stop };
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Builds => new()
    {
        { "normal", "-O0" },
        { "normal", "-O2" },
        { "test", "-O0" },
        { "test", "-O2" },
    };

    [Theory]
    [MemberData(nameof(Builds))]
    public async Task Link_to_a_kext_that_every_kernel_from_10_9_to_11_can_bind(string variant, string optimization)
    {
        var result = await LinkAsync(variant, optimization);

        result.Diagnostics.ShouldBeEmpty();
        result.Imports.ShouldNotBeEmpty();
        var missing =
            from import in result.Imports
            from release in MacRelease.All
            where !IsExported(import.Name, release) && !(import.Weak && MayBeAbsent.Contains(import.Name))
            select $"{import.Name} is not in {release}, wanted by {string.Join(", ", import.Objects.Select(Path.GetFileName))}";
        missing.ShouldBeEmpty();
    }

    [Fact]
    public async Task Differ_between_the_builds_by_what_tests_need()
    {
        var normal = await LinkAsync("normal", "-O0");
        var test = await LinkAsync("test", "-O0");

        Names(normal).Except(Names(test), StringComparer.Ordinal).ShouldBe(["_devfs_make_node"]);
        Names(test).Except(Names(normal), StringComparer.Ordinal).ShouldBe(
            ["_devfs_make_node_clone", "_kernel_thread_start", "_thread_deallocate", "_thread_terminate"], ignoreOrder: true);
    }

    [Fact]
    public async Task Leave_two_functions_to_the_linker_that_start_and_stop()
    {
        var objects = await CompileAsync("normal", "-O0");

        Symbols(objects, symbol => symbol.IsExternal && symbol.IsDefinedInSection)
            .Where(name => !name.StartsWith("_osq_", StringComparison.Ordinal))
            .ShouldBe(["_osquery_start", "_osquery_stop"], ignoreOrder: true);
        Symbols(objects, symbol => symbol.IsCommon).ShouldBeEmpty();
    }

    /// <summary>The same sources are to compile against Apple's headers; so what distinguishes those is in the headers.</summary>
    [Fact]
    public void Ask_for_no_system_and_no_SDK()
    {
        var conditions =
            from folder in (string[])["darwin", "core"]
            from file in Directory.EnumerateFiles(Path.Combine(Kext, folder), "*.[ch]")
            from Match condition in Condition().Matches(File.ReadAllText(file))
            let word = condition.Groups["word"].Value
            where word != "OSQ_TEST_BUILD" && !word.StartsWith("osq_port_", StringComparison.Ordinal) && !word.EndsWith("_H", StringComparison.Ordinal)
            select $"{file}: {condition.Value}";

        conditions.ShouldBeEmpty();
    }

    [Fact]
    public async Task Include_headers_that_stand_alone()
    {
        var include = Path.Combine(Kext, "darwin", "include");
        var headers = Directory.EnumerateFiles(include, "*.h", SearchOption.AllDirectories).Select(path => $"<{Path.GetRelativePath(include, path)}>")
            .Concat(Directory.EnumerateFiles(Path.Combine(Kext, "darwin"), "*.h").Select(path => $"\"{Path.GetFileName(path)}\""))
            .ToList();
        var sources = headers.Select((header, number) => _folder.Write($"{number}.c", $"#include {header}\n#include {header}\nextern int something;\n"));

        headers.Count.ShouldBeGreaterThan(20);
        await RunClangAsync(["-fsyntax-only", .. sources]);
    }

    private async Task<KextLinkResult> LinkAsync(string variant, string optimization)
    {
        var objects = await CompileAsync(variant, optimization);
        return KextLinker.Link(new KextLinkRequest([.. objects.Select(Clang.Read)]), CancellationToken.None);
    }

    /// <returns>The objects' paths.</returns>
    private async Task<IReadOnlyList<string>> CompileAsync(string variant, string optimization)
    {
        string[] sources =
        [
            .. Directory.EnumerateFiles(Path.Combine(Kext, "darwin"), "*.c").Order(StringComparer.Ordinal),
            .. Directory.EnumerateFiles(Path.Combine(Kext, "core"), "*.c").Order(StringComparer.Ordinal),
            _folder.Write($"{variant}{optimization}/kmod.c", Kmod),
        ];
        var output = _folder.Combine(variant + optimization);
        await RunClangAsync(["-g", optimization, .. variant == "test" ? ["-DOSQ_TEST_BUILD"] : Array.Empty<string>(), "-c", .. sources], output);
        return [.. sources.Select(source => Path.Combine(output, Path.ChangeExtension(Path.GetFileName(source), ".o")))];
    }

    private static async Task RunClangAsync(IEnumerable<string> arguments, string? folder = null) =>
        await new HostCommand("clang-14", [.. Flags, .. arguments]) { WorkingDirectory = folder }.RunAsync(CancellationToken.None);

    private static IEnumerable<string> Names(KextLinkResult result) => result.Imports.Select(import => import.Name);

    private static List<string> Symbols(IEnumerable<string> objects, Func<Symbol, bool> wanted) =>
    [
        .. objects.Where(path => Path.GetFileName(path) != "kmod.o").Select(path => LinkedKext.Read(File.ReadAllBytes(path)))
            .SelectMany(file => file.Symbols.ToArray().Where(wanted).Select(file.NameOf)),
    ];

    private static bool IsExported(string name, MacRelease release) =>
        KpiSymbols.Shipped.Find(name).Any(symbol =>
            (Supported.Contains(symbol.Kpi) || (symbol.Kpi == "com.apple.kpi.dsep" && OfDsep.Contains(name)))
            && KpiSymbols.Shipped.Presence(symbol, release) == KpiPresence.Always);

    [GeneratedRegex(@"^\s*#\s*(if|ifdef|ifndef|elif)\s+(?<word>\S+).*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Condition();
}
