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

    [Fact]
    public async Task Lays_the_file_out_as_Apples_linker_does()
    {
        var kext = LinkedKext.Link(await Clang.KmodAsync(_folder), await CompileAsync("one.c", """
            extern int printf(const char *, ...);
            extern const char version[];
            static int zero[9];
            int (*const pointer)(const char *, ...) = printf;
            int one(int n) { return printf("one %d", zero[n]++) + version[0]; }
            """));
        var file = LinkedKext.Read(kext);

        file.Commands.Select(command => command.Command).ShouldBe([0x19u, 0x19u, 0x19u, 0x02u, 0x0Bu, 0x1Bu, 0x2Au]);
        file.Segments.Select(segment => (segment.Name, segment.InitialProtection, segment.MaximumProtection))
            .ShouldBe([("__TEXT", 5u, 7u), ("__DATA", 3u, 7u), ("__LINKEDIT", 1u, 7u)]);
        file.Sections.Select(section => $"{section} {section.Flags:x}").ShouldBe(
            ["__TEXT,__text 80000400", "__TEXT,__cstring 2", "__DATA,__got 0", "__DATA,__const 0", "__DATA,__data 0", "__DATA,__bss 1"]);

        var symbols = file.Commands.OfType<SymbolTableCommand>().Single();
        var dynamic = file.DynamicSymbols.ShouldNotBeNull();
        var start = (uint)file.Segments.Last().FileOffset;
        dynamic.LocalRelocationOffset.ShouldBe(start);
        symbols.SymbolOffset.ShouldBe(start + (dynamic.LocalRelocationCount * 8));
        dynamic.ExternalRelocationOffset.ShouldBe(symbols.SymbolOffset + (symbols.SymbolCount * 16));
        symbols.StringOffset.ShouldBe(dynamic.ExternalRelocationOffset + (dynamic.ExternalRelocationCount * 8));
        (symbols.StringOffset + symbols.StringSize).ShouldBe((uint)kext.Length);
        (symbols.StringSize % 8).ShouldBe(0u);
        file.StringTable.Span[..2].ToArray().ShouldBe(" \0"u8.ToArray());

        var table = file.Symbols.ToArray();
        (dynamic.FirstLocal, dynamic.LocalCount).ShouldBe((0u, dynamic.FirstExternal));
        (dynamic.FirstExternal + dynamic.ExternalCount, dynamic.FirstUndefined + dynamic.UndefinedCount).ShouldBe((dynamic.FirstUndefined, symbols.SymbolCount));
        table[..(int)dynamic.LocalCount].ShouldAllBe(symbol => !symbol.IsExternal);
        table[(int)dynamic.FirstExternal..(int)dynamic.FirstUndefined].Select(file.NameOf).ShouldBe(["_kmod_info", "_one", "_pointer"]);
        table[(int)dynamic.FirstExternal..(int)dynamic.FirstUndefined].ShouldAllBe(symbol => symbol.Type == 0x0F && symbol.Description == 0);
        table[(int)dynamic.FirstUndefined..].Select(symbol => $"{file.NameOf(symbol)} {symbol.Type:x} {symbol.Section} {symbol.Description:x} {symbol.Value}")
            .ShouldBe(["_printf 1 0 fe00 0", "_version 1 0 fe00 0"]);
        file.ExternalRelocations.ToArray().Select(relocation => relocation.Type)
            .ShouldBe([RelocationType.Unsigned, RelocationType.Unsigned, RelocationType.Branch]);
    }

    [Fact]
    public async Task Writes_a_minimum_version_only_when_asked()
    {
        var kmod = await Clang.KmodAsync(_folder);
        var result = KextLinker.Link(new KextLinkRequest([kmod]) { VersionMinimum = new VersionMinimum(10, 13, 6) }, CancellationToken.None);

        var command = LinkedKext.Read(result.File!).Commands.OfType<OtherCommand>().Single(command => command.Command == 0x24);
        command.Body.ToArray().ShouldBe([6, 13, 10, 0, 6, 13, 10, 0]);
    }

    [Fact]
    public async Task Takes_one_of_several_weak_definitions_and_a_strong_one_before_all()
    {
        var first = await CompileAsync("first.c", "__attribute__((weak)) int weak = 1; __attribute__((weak)) int both = 1; int *one = &weak;");
        var second = await CompileAsync("second.c", "__attribute__((weak)) int weak = 2; int both = 2; int *two = &weak; int *three = &both;");

        var image = LoadedImage.Load(LinkedKext.Link(await Clang.KmodAsync(_folder), first, second), Base, Kernel);

        image.Pointer("_one").ShouldBe(image.AddressOf("_weak"));
        image.Pointer("_two").ShouldBe(image.AddressOf("_weak"));
        ((int)image.Pointer("_weak")).ShouldBe(1);
        ((int)image.Pointer("_both")).ShouldBe(2);
        image.Pointer("_three").ShouldBe(image.AddressOf("_both"));
    }

    [Fact]
    public async Task Gives_commons_room_the_largest_and_best_aligned_of_each_name()
    {
        var one = await CompileAsync("one.c", "int shared[3]; char text[100]; int defined; int *where = shared;", "-fcommon");
        var two = await CompileAsync("two.c", "int shared[40] __attribute__((aligned(256))); int defined = 9; int *also = shared; int *end = shared + 40;", "-fcommon");

        var kext = LinkedKext.Link(await Clang.KmodAsync(_folder), one, two);
        var file = LinkedKext.Read(kext);
        var image = LoadedImage.Load(kext, Base, Kernel);

        var common = file.Sections.Single(section => section.Name == "__common");
        common.Type.ShouldBe(Section.ZeroFill);
        common.Size.ShouldBeGreaterThanOrEqualTo(260ul);
        (image.AddressOf("_shared") % 256).ShouldBe(0ul);
        image.Pointer("_where").ShouldBe(image.AddressOf("_shared"));
        image.Pointer("_also").ShouldBe(image.AddressOf("_shared"));
        image.Pointer("_end").ShouldBe(image.AddressOf("_shared") + 160);
        ((int)image.Pointer("_defined")).ShouldBe(9);
        file.Symbols.ToArray().ShouldNotContain(symbol => symbol.IsCommon);
    }

    [Fact]
    public async Task Keeps_hidden_symbols_private_and_shared_between_objects()
    {
        var one = await CompileAsync("one.c", "__attribute__((visibility(\"hidden\"))) int secret = 4;");
        var two = await CompileAsync("two.c", "extern int secret __attribute__((visibility(\"hidden\"))); int *reveal = &secret;");

        var kext = LinkedKext.Link(await Clang.KmodAsync(_folder), one, two);
        var image = LoadedImage.Load(kext, Base, Kernel);

        LinkedKext.Read(kext).FindDefined("_secret").ShouldNotBeNull().Type.ShouldBe((byte)0x1E);
        image.Pointer("_reveal").ShouldBe(image.AddressOf("_secret"));
    }

    [Fact]
    public async Task Marks_imports_weak_only_when_all_references_are()
    {
        var weak = await CompileAsync("weak.c", """
            extern int some(void) __attribute__((weak_import));
            extern const void *gOSKextUnresolved;
            int (*one)(void) = some;
            int test(void) { return (const void *)one != gOSKextUnresolved; }
            """);
        var strong = await CompileAsync("strong.c", "extern int some(void); int (*two)(void) = some;");
        var kmod = await Clang.KmodAsync(_folder);

        var alone = LinkedKext.Link(kmod, weak);
        var both = LinkedKext.Read(LinkedKext.Link(kmod, weak, strong));

        LinkedKext.Read(alone).Imports.ShouldBe([new MachOImport("_gOSKextUnresolved", false), new MachOImport("_some", true)]);
        both.Imports.ShouldBe([new MachOImport("_gOSKextUnresolved", false), new MachOImport("_some", false)]);
        LoadedImage.Load(alone, Base, Kernel).Pointer("_one").ShouldBe(Kernel["_gOSKextUnresolved"]);
    }

    [Fact]
    public async Task Warns_of_a_weak_import_that_nothing_tests_as_the_kernel_would_refuse_it()
    {
        var weak = await CompileAsync("weak.c", "extern int some(void) __attribute__((weak_import)); int (*one)(void) = some;");

        var result = KextLinker.Link(new KextLinkRequest([await Clang.KmodAsync(_folder), weak]), CancellationToken.None);

        result.Succeeded.ShouldBeTrue();
        var warning = result.Diagnostics.ShouldHaveSingleItem();
        (warning.Code, warning.Severity, warning.Place).ShouldBe(("KL2013", LinkSeverity.Warning, weak.Name));
        warning.Message.ShouldContain("'_some'");
    }

    [Fact]
    public async Task Imports_nothing_that_only_debug_information_or_unwinding_needs()
    {
        var one = await CompileAsync("one.s", """
            .globl _used_by_nothing
            .section __TEXT,__eh_frame
            .quad _personality
            .section __DWARF,__debug_more,regular,debug
            .quad _described
            .data
            _data: .quad 0
            """, "-g0");

        LinkedKext.Read(LinkedKext.Link(await Clang.KmodAsync(_folder), one)).Imports.ShouldBeEmpty();
    }

    [Fact]
    public async Task Settles_differences_absolute_symbols_and_slots_for_definitions()
    {
        var other = await CompileAsync("other.s", ".data\n.globl _far\n.p2align 3\n.long 0\n_far: .long 5\n.globl _constant\n_constant = 0x1234\n", "-g0");
        var one = await CompileAsync("one.s", """
            .text
            .globl _code
            _code:
                movq _far@GOTPCREL(%rip), %rax
                cmpq $0, _far@GOTPCREL(%rip)
                pushq _far@GOTPCREL(%rip)
                movabsq $_far, %rax
                movabsq $_printf, %rax
                ret
            .data
            .p2align 3
            .globl _long, _short, _number, _near
            _long: .quad _code - _near
            _short: .long _near - _code + 16
            .long 0
            _number: .quad _constant + 1
            _near: .quad Llocal + 4
            Llocal: .quad _far + 2
            """, "-g0");

        var kext = LinkedKext.Link(await Clang.KmodAsync(_folder), one, other);
        var image = LoadedImage.Load(kext, Base, Kernel);

        var distance = (long)(image.AddressOf("_code") - image.AddressOf("_near"));
        ((long)image.Pointer("_long")).ShouldBe(distance);
        ((int)image.Pointer("_short")).ShouldBe((int)(16 - distance));
        image.Pointer("_number").ShouldBe(0x1235ul);
        image.Pointer("_near").ShouldBe(image.AddressOf("_near") + 12);
        image.Pointer("_near", 8).ShouldBe(image.AddressOf("_far") + 2);
        var file = LinkedKext.Read(kext);
        file.Sections.Single(section => section.Name == "__got").Size.ShouldBe(8ul);
        image.Pointer("_code", 7 + 8 + 6 + 2).ShouldBe(image.AddressOf("_far"));
        image.Pointer("_code", 7 + 8 + 6 + 10 + 2).ShouldBe(Kernel["_printf"]);
    }

    [Fact]
    public async Task Defines_the_start_of_the_image()
    {
        var one = await CompileAsync("one.s", """
            .text
            .globl _code
            _code: leaq ___dso_handle(%rip), %rax
            ret
            .data
            .p2align 3
            .globl _start_of_image
            _start_of_image: .quad ___dso_handle
            """, "-g0");

        var kext = LinkedKext.Link(await Clang.KmodAsync(_folder), one);
        var file = LinkedKext.Read(kext);

        file.Imports.ShouldBeEmpty();
        BitConverter.ToUInt64(file.Sections.Single(section => section.Name == "__data").Content.Span[^8..]).ShouldBe(0ul);
        var code = file.FindDefined("_code").ShouldNotBeNull().Value;
        BitConverter.ToInt32(kext, (int)code + 3).ShouldBe(-(int)(code + 7));
        file.LocalRelocations.ToArray().ShouldContain(relocation => (ulong)relocation.Address == file.FindDefined("_start_of_image")!.Value.Value);
    }

    [Fact]
    public async Task Links_the_Cpp_of_IOKit()
    {
        var source = await CompileAsync("driver.cc", """
            extern "C" int printf(const char *, ...);
            struct Base { virtual int probe(int); virtual void _RESERVED0(); static void operator delete(void *, unsigned long); virtual ~Base() {} };
            struct Driver : Base { int probe(int) override; Driver(); ~Driver() override; int state; };
            int Driver::probe(int n) { return Base::probe(n) + state; }
            Driver::Driver() : state(3) { printf("made"); }
            Driver::~Driver() { printf("gone"); }
            static Driver driver;
            """);
        var kernel = new Dictionary<string, ulong>(Kernel, StringComparer.Ordinal)
        {
            ["__ZTV4Base"] = 0xFFFFFF7F_80006000, ["__ZN4Base10_RESERVED0Ev"] = 0xFFFFFF7F_80006200, ["__ZN4BasedlEPvm"] = 0xFFFFFF7F_80006300,
        };

        var kext = LinkedKext.Link(await Clang.KmodAsync(_folder), source);
        var image = LoadedImage.Load(kext, Base, kernel);
        var file = LinkedKext.Read(kext);

        file.Sections.Single(section => section.Name == "__mod_init_func").Type.ShouldBe((byte)0x9);
        file.Sections.Single(section => section.Name == "__mod_term_func").Type.ShouldBe((byte)0xA);

        // Two header words, then the functions in the order of the class.
        image.Pointer("__ZTV6Driver", 16).ShouldBe(image.AddressOf("__ZN6Driver5probeEi"));
        image.Pointer("__ZTV6Driver", 24).ShouldBe(kernel["__ZN4Base10_RESERVED0Ev"]);
        image.Pointer("__ZTV6Driver", 40).ShouldBe(image.AddressOf("__ZN6DriverD0Ev"));
        var initializer = file.Sections.Single(section => section.Name == "__mod_init_func").Address;
        System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(image.Bytes.AsSpan((int)initializer))
            .ShouldBe(image.AddressOf("__GLOBAL__sub_I_driver.cc"));
    }

    [Fact]
    public async Task Stops_when_it_is_cancelled()
    {
        var kmod = await Clang.KmodAsync(_folder);

        Should.Throw<OperationCanceledException>(() => KextLinker.Link(new KextLinkRequest([kmod]), new CancellationToken(canceled: true)));
    }

    private Task<LinkInput> CompileAsync(string name, string source, params IEnumerable<string> options) =>
        Clang.CompileAsync(_folder, name, source, options);
}
