using KextDev.MachO;

namespace KextDev.Tests.MachO;

public sealed class KextLinkerTests : IDisposable
{
    private const ulong Base = 0xFFFFFF7F_80A5_3000;

    private static readonly Dictionary<string, ulong> Kernel = new(StringComparer.Ordinal)
    {
        ["_printf"] = 0xFFFFFF7F_80001230,
        ["_version"] = 0xFFFFFF7F_80004560,
        ["_gOSKextUnresolved"] = 0xFFFFFF7F_8000FFF0,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Links_C_into_a_kext_that_the_kernels_rules_allow()
    {
        var kext = LinkedKext.Link(
            await Clang.KmodAsync(_folder),
            await CompileAsync("one.c", """
                extern int printf(const char *, ...);
                extern const char version[];
                extern int two(int);
                static int counter = 5;
                const char *greeting = "hello";
                int (*print)(const char *, ...) = printf;
                const char *tail = version + 7;
                int one(int value) { counter += value; printf("%s", greeting); return two(counter) + version[value]; }
                """),
            await CompileAsync("two.c", "int table[100]; int two(int value) { return table[value]++; } int (*again)(int) = two;"));

        var image = LoadedImage.Load(kext, Base, Kernel);

        image.Text(image.Pointer("_greeting")).ShouldBe("hello");
        image.Pointer("_print").ShouldBe(Kernel["_printf"]);
        image.Pointer("_tail").ShouldBe(Kernel["_version"] + 7);
        image.Pointer("_again").ShouldBe(image.AddressOf("_two"));
        KmodInfo.Find(LinkedKext.Read(kext)).ShouldBe(new KmodInfo("org.example.sample", "1.2.3"));
    }

    [Fact]
    public async Task Names_the_imports_with_the_objects_that_refer_to_them()
    {
        var kmod = await Clang.KmodAsync(_folder);
        var one = await CompileAsync("one.c", "extern int printf(const char *, ...); void one(void) { printf(\"1\"); }");
        var two = await CompileAsync("two.c", """
            extern int printf(const char *, ...);
            extern int absent(void) __attribute__((weak_import));
            int two(void) { printf("2"); return absent ? absent() : 0; }
            """);

        var result = KextLinker.Link(new KextLinkRequest([kmod, one, two]), CancellationToken.None);

        result.Imports.Select(import => $"{import.Name} {import.Weak} {string.Join(' ', import.Objects.Select(Path.GetFileName))}")
            .ShouldBe(["_absent True two.o", "_printf False one.o two.o"]);
    }

    private Task<LinkInput> CompileAsync(string name, string source, params IEnumerable<string> options) =>
        Clang.CompileAsync(_folder, name, source, options);
}
