using KextDev.MachO;

namespace KextDev.Tests.MachO;

public sealed class KextLinkerErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_duplicate_symbol_names_both_places()
    {
        var one = await CompileAsync("one.c", "int twice = 1;");
        var two = await CompileAsync("two.c", "int twice = 2;");

        var error = await FailAsync(one, two);

        error.Code.ShouldBe("KL2002");
        error.Place.ShouldBe(two.Name);
        error.Message.ShouldContain("'_twice'");
        error.Message.ShouldContain(one.Name);
    }

    [Fact]
    public async Task A_kext_without_kmod_info_is_refused()
    {
        var result = KextLinker.Link(new KextLinkRequest([await CompileAsync("one.c", "int one;")]), CancellationToken.None);

        result.Succeeded.ShouldBeFalse();
        result.Diagnostics.ShouldHaveSingleItem().Code.ShouldBe("KL2003");
    }

    [Theory]
    [InlineData("const char kmod_info[196] = { 1 };")]
    [InlineData("char kmod_info[196];")]
    [InlineData("char kmod_info[100] = { 1 };")]
    public async Task A_kmod_info_that_the_kernel_cannot_fill_in_is_refused(string source)
    {
        var result = KextLinker.Link(new KextLinkRequest([await CompileAsync("one.c", source)]), CancellationToken.None);

        result.Diagnostics.ShouldHaveSingleItem().Code.ShouldBe("KL2003");
    }

    [Fact]
    public async Task A_direct_reference_to_data_that_nothing_defines_says_how_to_declare_it()
    {
        var error = await FailAsync(await CompileAsync("one.c", "extern int far __attribute__((visibility(\"hidden\"))); int one(void) { return far; }"));

        error.Code.ShouldBe("KL2008");
        error.Place.ShouldMatch(@"one\.o: \(__TEXT,__text\)\+0x[0-9a-f]+$");
        error.Message.ShouldContain("'_far'");
        error.Message.ShouldContain("extern without hidden visibility");
        error.Message.ShouldContain("-mkernel");
    }

    [Theory]
    [InlineData(".data\n_x: .long _y", "KL2006", "(__DATA,__data)+0x0")] // 32-bit pointer
    [InlineData(".tbss _x$tlv$init, 4, 2\n", "KL2004", "")]
    [InlineData(".section __OTHER,__data\n.quad 1", "KL2004", "")]
    [InlineData(".data\n.p2align 13\n.quad 1", "KL2004", "")]
    [InlineData(".data\n_x: .quad _info\n.section __DWARF,__debug_info,regular,debug\n_info: .quad 0", "KL2012", "(__DATA,__data)+0x0")]
    [InlineData(".zerofill __DATA,__bss,_big,0x30000000,3", "KL2010", "")]
    [InlineData(".comm _big,0x30000000", "KL2010", "")]
    [InlineData(".text\n_x: leaq _y+0x7fffffff(%rip), %rax\n.data\n.space 100\n_y: .quad 0", "KL2009", "(__TEXT,__text)+0x3")]
    public async Task What_a_kext_cannot_hold_is_refused_with_its_place(string source, string code, string place)
    {
        var error = await FailAsync(await CompileAsync("one.s", source + "\n", "-g0"));

        error.Code.ShouldBe(code);
        error.Place.ShouldBe(_folder.Combine("one.o") + (place.Length > 0 ? $": {place}" : ""));
    }

    [Fact]
    public async Task Code_cannot_reach_an_absolute_address_relative_to_itself()
    {
        var constant = await CompileAsync("constant.s", ".globl _constant\n_constant = 77\n", "-g0");

        var error = await FailAsync(constant, await CompileAsync("one.s", ".text\n_x: call _constant\n", "-g0"));

        error.Code.ShouldBe("KL2006");
        error.Place.ShouldBe(_folder.Combine("one.o") + ": (__TEXT,__text)+0x1");
    }

    // The one relocation of ".quad _y" as it is: at 0, number 1 (_y), 8 bytes, external, UNSIGNED. What is written instead cannot be linked.
    [Theory]
    [InlineData(0, 0x0E000000u | 999, "KL2007")] // no such symbol
    [InlineData(0, 0x06000000u, "KL2007")] // section 0
    [InlineData(0, 0x06000000u | 99, "KL2007")] // no such section
    [InlineData(4, 0x0E000001u, "KL2007")] // beyond the section's 8 bytes
    [InlineData(-1, 0x0E000001u, "KL2007")] // "scattered"
    [InlineData(0, 0x0F000001u, "KL2006")] // relative and of 8 bytes
    [InlineData(0, 0x0C000001u, "KL2006")] // a pointer of 4 bytes
    [InlineData(0, 0x9D000001u, "KL2006")] // thread-local
    [InlineData(0, 0xFD000001u, "KL2006")] // a type that is not defined
    [InlineData(0, 0x2E000001u, "KL2006")] // a call of 8 bytes
    [InlineData(0, 0x5E000001u, "KL2006")] // half a difference
    [InlineData(0, 0x35000001u, "KL2006")] // a GOT load of a section
    public async Task A_relocation_that_no_compiler_makes_is_refused(int address, uint info, string code)
    {
        var sound = await CompileAsync("one.s", ".data\n_x: .quad _y\n", "-g0");
        var bytes = sound.Bytes.ToArray();
        var section = LinkedKext.Read(bytes).Sections.Single(section => section.Name == "__data");
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan((int)section.RelocationOffset), address);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((int)section.RelocationOffset + 4), info);

        var error = await FailAsync(sound with { Bytes = bytes });

        error.Code.ShouldBe(code);
        error.Place.ShouldStartWith($"{sound.Name}: (__DATA,__data)+0x");
    }

    [Fact]
    public async Task An_object_for_another_processor_or_linked_already_is_refused()
    {
        var kmod = await Clang.KmodAsync(_folder);
        var other = await CompileAsync("other.c", "int other;", "-target", "arm64-apple-macosx11");
        var linked = new LinkInput("linked", LinkedKext.Link(kmod));

        (await FailAsync(other)).Code.ShouldBe("KL2001");
        (await FailAsync(linked)).Code.ShouldBe("KL2001");
    }

    [Fact]
    public async Task Names_from_objects_cannot_control_a_terminal()
    {
        var one = await CompileAsync("one.s", ".globl \"_\\033[2J\"\n.data\n\"_\\033[2J\": .quad 1\n", "-g0");
        var bytes = one.Bytes.ToArray();
        var name = bytes.AsSpan().IndexOf("[2J"u8);
        bytes[name - 1] = 0x1B;

        var error = await FailAsync(one with { Bytes = bytes }, one with { Bytes = bytes });

        error.Code.ShouldBe("KL2002");
        error.Message.ShouldNotContain("\u001b");
        error.Message.ShouldContain("?[2J");
    }

    [Fact]
    public async Task More_kinds_of_sections_than_a_file_can_number_are_refused()
    {
        var source = string.Concat(Enumerable.Range(0, 200).Select(index => $".section __DATA,__s{index}\n.quad {index}\n"));
        var one = await CompileAsync("one.s", source, "-g0");
        var two = await CompileAsync("two.s", source.Replace("__s", "__t", StringComparison.Ordinal), "-g0");

        (await FailAsync(one, two)).Code.ShouldBe("KL2010");
    }

    [Fact]
    public void Nothing_to_link_is_an_error() =>
        KextLinker.Link(new KextLinkRequest([]), CancellationToken.None).Diagnostics.ShouldHaveSingleItem().Code.ShouldBe("KL2011");

    [Fact]
    public async Task Several_mistakes_are_told_at_once_and_imports_still_known()
    {
        var one = await CompileAsync("one.c", "extern int far __attribute__((visibility(\"hidden\"))); int one(void) { return far; } int (*p)(void) = one;");
        var two = await CompileAsync("two.c", "extern int far __attribute__((visibility(\"hidden\"))); int two(int n) { if (n) far = n; return far; }");

        var result = KextLinker.Link(new KextLinkRequest([await Clang.KmodAsync(_folder), one, two]), CancellationToken.None);

        result.Diagnostics.Select(diagnostic => Path.GetFileName(diagnostic.Place.Split(": ")[0])).ShouldBe(["one.o", "two.o", "two.o"]);
        result.Imports.ShouldHaveSingleItem().Objects.ShouldBe([one.Name, two.Name]);
    }

    private async Task<LinkDiagnostic> FailAsync(params LinkInput[] inputs)
    {
        var result = KextLinker.Link(new KextLinkRequest([await Clang.KmodAsync(_folder), .. inputs]), CancellationToken.None);
        result.Succeeded.ShouldBeFalse();
        var error = result.Diagnostics.ShouldHaveSingleItem();
        error.Severity.ShouldBe(LinkSeverity.Error);
        return error;
    }

    private Task<LinkInput> CompileAsync(string name, string source, params IEnumerable<string> options) =>
        Clang.CompileAsync(_folder, name, source, options);
}
