using System.Globalization;
using System.Text.RegularExpressions;
using KextDev.Processes;
using KextDev.Symbols;
using KextDev.Toolchains;

namespace KextDev.Tests.Symbols;

/// <summary>Oopses in modules that gcc and ld made as the kernel's build makes them. A real kernel's is in the tests with guests.</summary>
public sealed partial class ModuleOopsTests : IDisposable
{
    private const string Release = "6.1.0-99-amd64";

    private const string Reader = """
        volatile int ring_sum;
        static inline __attribute__((always_inline)) void add(int *from) { ring_sum += *from; }
        static __attribute__((noipa)) void drop(int *from)
        {
        	add(from);
        }
        void ring_read(int *from) { drop(from); ring_sum++; }
        """;

    private const string Writer = """
        extern volatile int ring_sum;
        static __attribute__((noipa)) void drop(int *to)
        {
        	*to = ring_sum;
        	ring_sum += 3;
        }
        __attribute__((noipa)) void ring_write(int *to) { drop(to); ring_sum--; }
        __attribute__((section(".init.text"))) int ring_init(void)
        {
        	ring_write(0);
        	return 0;
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Tells_code_of_every_section_from_that_at_the_same_offset_of_another()
    {
        var module = await BuildAsync("a");

        var text = await NameAsync(Oops($"RIP: 0010:{Place(module, "ring_read", 1)}", $" {Place(module, "ring_init", 10)}"));

        text.ShouldMatch(@"RIP: 0010:ring_read\+.*\n +at ring_read \(reader\.c:7\), ring\.ko \.text \+ 0x[0-9a-f]+\n");
        text.ShouldMatch(@"\]  ring_init\+.*\n +at ring_init \(writer\.c:(8|9|10)\), ring\.ko \.init\.text \+ 0xa\n");
    }

    [Fact]
    public async Task Names_every_static_function_of_a_name_and_size_where_the_report_does_not_tell_which()
    {
        // Two functions of a name: told apart by their sizes, as here, or both are told.
        var module = await BuildAsync("a");
        var sizes = Sizes(module, "drop");
        sizes.Count.ShouldBe(2);
        sizes.ShouldBeUnique();

        (await NameAsync(Oops($"RIP: 0010:drop+0x1/0x{sizes[1]:x} [ring]"))).ShouldContain("at drop (writer.c:");

        var twins = await BuildAsync("twins", Reader, Reader.Replace("ring_", "other_", StringComparison.Ordinal));
        Sizes(twins, "drop").Distinct().ShouldHaveSingleItem();
        var text = await NameAsync(Oops($"RIP: 0010:{Place(twins, "drop", 1)}"), "twins");
        text.ShouldMatch(@"\n +at (add|drop) \(reader\.c:\d\)[^\n]*\n( +inlined into drop [^\n]*\n)? +or at (add|drop) \(writer\.c:\d\)");
    }

    [Fact]
    public async Task A_report_with_a_build_id_takes_the_module_that_has_it()
    {
        var module = await BuildAsync("a");
        await BuildAsync("b", Writer.Replace("+= 3", "+= 4", StringComparison.Ordinal));
        var id = LinuxModule.Read(module, "normal").BuildId!;
        id.Length.ShouldBe(40);

        var oops = Oops($"RIP: 0010:{Place(module, "ring_read", 1).Replace("[ring]", $"[ring {id}]", StringComparison.Ordinal)}");
        (await NotesAsync(oops)).ShouldBe([$"ring: symbols of {module}"]);

        var note = (await NotesAsync(oops, "b")).ShouldHaveSingleItem();
        note.ShouldContain($"{_folder.Combine("b/ring.ko")} has the build id ");
        note.ShouldContain($", and the one that crashed {id}. Its frames are left as they are");
    }

    [Fact]
    public async Task Without_one_says_by_what_the_build_is_known_and_what_fits_as_well()
    {
        var module = await BuildAsync("a");
        var other = await BuildAsync("b", Writer.Replace("+= 3", "+= 4", StringComparison.Ordinal));
        var oops = Oops($"RIP: 0010:{Place(module, "ring_read", 1)}");

        var notes = await NotesAsync(oops);

        notes[0].ShouldContain("The report has no build id");
        notes[1].ShouldBe($"ring: {(notes[0].Contains(module, StringComparison.Ordinal) ? other : module)} fits as well");
    }

    [Theory]
    [InlineData("RIP: 0010:ring_read+0x1/0x4000 [ring]", "has no function ring_read of 0x4000 bytes as the one that crashed")]
    [InlineData("RIP: 0010:ring_strange+0x1/0x40 [ring]", "has no function ring_strange of 0x40 bytes as the one that crashed")]
    [InlineData("RIP: 0010:ring_read+0xffffffffffffffff/0x1 [ring]", "has no function ring_read of 0x1 bytes as the one that crashed")]
    [InlineData("RIP: 0010:tape_read+0x1/0x40 [tape]", "no tape.ko with debug information lies in")]
    public async Task Leaves_what_is_of_another_build(string line, string why)
    {
        await BuildAsync("a");
        var oops = Oops(line);

        (await NotesAsync(oops)).ShouldHaveSingleItem().ShouldContain(why);
        (await NameAsync(oops)).ShouldNotContain("   at ");
    }

    [Fact]
    public async Task Leaves_what_was_built_for_another_kernel_and_what_has_no_debug_information()
    {
        var module = await BuildAsync("a");
        var line = $"RIP: 0010:{Place(module, "ring_read", 1)}";

        (await NotesAsync(Oops(line).Replace(Release, "6.12.1-amd64", StringComparison.Ordinal))).ShouldHaveSingleItem()
            .ShouldContain($"is for the kernel {Release}, and 6.12.1-amd64 crashed");

        await new HostCommand("strip", "--strip-debug", module).RunAsync(CancellationToken.None);
        (await NotesAsync(Oops(line))).ShouldHaveSingleItem().ShouldContain("no ring.ko with debug information");
        _folder.Write("a/ring.ko", "no module at all");
        (await NotesAsync(Oops(line))).ShouldHaveSingleItem().ShouldContain("no ring.ko with debug information");
    }

    /// <returns>The module's path.</returns>
    private async Task<string> BuildAsync(string name, string? writer = null, string? reader = null)
    {
        var folder = Path.GetDirectoryName(_folder.Write($"{name}/reader.c", reader ?? Reader))!;
        _folder.Write($"{name}/writer.c", writer ?? Writer);
        _folder.Write($"{name}/info.c", $"__attribute__((section(\".modinfo\"), used)) static const char info[] = \"name=ring\\0vermagic={Release} SMP mod_unload\";\n");
        foreach (var source in (string[])["reader", "writer", "info"])
        {
            await InAsync(folder, "gcc", "-g", "-O2", "-fno-ipa-icf", "-fcf-protection=none", "-fno-pie", "-c", source + ".c");
        }

        await InAsync(folder, "ld", "-r", "--build-id=sha1", "-o", "ring.ko", "reader.o", "writer.o", "info.o");
        return Path.Combine(folder, "ring.ko");
    }

    private static Task<CommandResult> InAsync(string folder, string program, params string[] arguments) =>
        new HostCommand(program, arguments) { WorkingDirectory = folder }.RunAsync(CancellationToken.None);

    private static string Oops(params string[] lines) => string.Join(
        '\n',
        new[]
        {
            "BUG: kernel NULL pointer dereference, address: 0000000000000000",
            $"CPU: 0 PID: 88 Comm: cat Tainted: G           OE      {Release} #1  Debian",
        }.Concat(lines).Append("---[ end trace 0000000000000000 ]---").Select(line => $"[    1.500000] {line}"));

    // As the kernel prints it: the size is the distance to the next symbol; behind a section's last function it is what is left of the memory.
    private static string Place(string module, string function, int offset) =>
        $"{function}+0x{offset.ToString("x", CultureInfo.InvariantCulture)}/0x{Sizes(module, function)[0].ToString("x", CultureInfo.InvariantCulture)} [ring]";

    private static IReadOnlyList<ulong> Sizes(string module, string function)
    {
        var symbols = ElfFile.Read(File.ReadAllBytes(module)).ReadSymbols();
        return
        [
            .. symbols.Where(symbol => symbol.Name == function).Select(symbol =>
                symbols.Where(other => other.Section == symbol.Section && other.Value > symbol.Value).Select(other => other.Value - symbol.Value).DefaultIfEmpty(0x1000ul).Min()),
        ];
    }

    private async Task<string> NameAsync(string oops, string folder = "") => string.Join('\n', (await SymbolizeAsync(oops, folder)).Text);

    private async Task<IReadOnlyList<string>> NotesAsync(string oops, string folder = "") => (await SymbolizeAsync(oops, folder)).Notes;

    private async Task<NamedCrash> SymbolizeAsync(string oops, string folder)
    {
        var crash = CrashReading.Read(_folder.Write("console.log", oops)).ShouldHaveSingleItem().Crash;
        var named = await new CrashSymbols(new SymbolFolders([_folder.Combine(folder)]), _folder.Path).NameAsync(crash, CancellationToken.None);
        return named with { Text = [.. named.Text.Select(line => InFolder().Replace(line, "("))] };
    }

    // The sources' folder differs from build to build.
    [GeneratedRegex(@"\((a|b|twins)/", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex InFolder();
}
