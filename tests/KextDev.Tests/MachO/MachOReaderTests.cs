using System.Buffers.Binary;
using KextDev.MachO;
using KextDev.Processes;

namespace KextDev.Tests.MachO;

public sealed class MachOReaderTests : IDisposable
{
    private const string Source = """
        extern int imported(int);
        extern int maybe(void) __attribute__((weak_import));
        static char buffer[64];
        int value = 7;
        int (*pointer)(int) = imported;
        int function(int n) { buffer[n] = 1; return buffer[imported(value)] + (maybe ? maybe() : 0); }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Reads_sections_symbols_relocations_and_imports_of_an_object()
    {
        var file = LinkedKext.Read((await Clang.CompileAsync(_folder, "a.c", Source)).Bytes.ToArray());

        file.Header.ShouldBe(new MachOHeader(MachOHeader.X86, MachOHeader.X86All, MachOHeader.ObjectFileType, 0x2000, 0));
        file.Sections.Take(3).Select(section => $"{section} {section.Type}").ShouldBe(["__TEXT,__text 0", "__DATA,__data 0", "__DATA,__bss 1"]);
        file.Sections[2].Size.ShouldBe(64ul);
        file.Sections[2].Content.IsEmpty.ShouldBeTrue();
        file.Imports.ShouldBe([new MachOImport("_imported", false), new MachOImport("_maybe", true)], ignoreOrder: true);
        file.FindDefined("_value").ShouldNotBeNull().Section.ShouldBe((byte)2);
        BinaryPrimitives.ReadInt32LittleEndian(file.Sections[1].Content.Span).ShouldBe(7);
        file.Sections[1].Relocations.ToArray().ShouldHaveSingleItem().Type.ShouldBe(RelocationType.Unsigned);
        file.FindDefined("_imported").ShouldBeNull();
    }

    [Theory]
    [InlineData("a.c", Source, "-O1")]
    [InlineData("b.c", Source, "-O0")]
    [InlineData("c.c", Source, "-gdwarf-5")]
    [InlineData("d.c", Source, "-g0")]
    [InlineData("e.cc", "struct A { virtual int f(); int n; A(); }; int A::f() { return n; } A::A() : n(3) { } static A a;", "-O1")]
    [InlineData("f.s", ".data\n.quad _x - _y\n.align 4\n_x: .long 1\n_y: .long 2\n.lcomm z, 77\n", "-g0")]
    public async Task Writes_back_an_object_byte_for_byte(string name, string source, string option)
    {
        var bytes = (await Clang.CompileAsync(_folder, name, source, option)).Bytes.ToArray();

        MachOWriter.Write(LinkedKext.Read(bytes)).ShouldBe(bytes);
    }

    [Fact]
    public async Task Writes_back_a_linked_kext_byte_for_byte()
    {
        var bytes = KextLinker.Link(new KextLinkRequest([await Clang.KmodAsync(_folder), await Clang.CompileAsync(_folder, "a.c", Source)]), CancellationToken.None)
            .File.ShouldNotBeNull();

        MachOWriter.Write(LinkedKext.Read(bytes)).ShouldBe(bytes);
    }

    [Fact]
    public async Task Keeps_bytes_that_no_table_claims()
    {
        var bytes = LinkedKext.Link(await Clang.KmodAsync(_folder)).Concat("a signature"u8.ToArray()).ToArray();
        var pad = (int)LinkedKext.Read(bytes).Sections[0].Offset - 20;
        bytes[pad] = 0x5A;

        var file = LinkedKext.Read(bytes);

        file.Rest.Select(range => range.Bytes.Length).Count().ShouldBe(2);
        MachOWriter.Write(file).ShouldBe(bytes);
    }

    [Fact]
    public async Task Takes_the_x86_64_slice_of_a_fat_file()
    {
        var thin = await Clang.CompileAsync(_folder, "a.c", Source);
        await new HostCommand("clang-14", "-target", "i386-apple-macosx10.6", "-c", _folder.Write("b.c", "int b;"), "-o", _folder.Combine("b.o")).RunAsync(CancellationToken.None);
        await new HostCommand("llvm-lipo-14", "-create", thin.Name, _folder.Combine("b.o"), "-output", _folder.Combine("fat.o")).RunAsync(CancellationToken.None);

        var reading = MachOReader.Read(File.ReadAllBytes(_folder.Combine("fat.o")), "fat.o");

        reading.Diagnostics.ShouldBeEmpty();
        reading.Slices.Select(slice => (slice.CpuType, slice.File is null)).ShouldBe([(7u, true), (MachOHeader.X86, false)], ignoreOrder: true);
        reading.File.ShouldNotBeNull().Imports.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Reads_what_kmod_info_says()
    {
        var file = LinkedKext.Read(LinkedKext.Link(await Clang.KmodAsync(_folder)));

        KmodInfo.Find(file).ShouldBe(new KmodInfo("org.example.sample", "1.2.3"));
        file.Uuid.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("too short", "KL1001")]
    [InlineData("a text that is long enough to be a header, but is none", "KL1001")]
    public void Says_what_is_no_Mach_O_file(string text, string code)
    {
        var reading = MachOReader.Read(System.Text.Encoding.ASCII.GetBytes(text), "x.o");

        reading.File.ShouldBeNull();
        reading.Diagnostics.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            diagnostic => diagnostic.Code.ShouldBe(code),
            diagnostic => diagnostic.Place.ShouldBe("x.o"));
    }

    // Offsets in the header, in the first segment's command and in LC_SYMTAB, and what breaks there.
    [Theory]
    [InlineData(16, 0xFFFFFFFF, "KL1003")] // ncmds
    [InlineData(20, 0xFFFFFFF0, "KL1003")] // sizeofcmds
    [InlineData(36, 7, "KL1003")] // cmdsize
    [InlineData(96, 200, "KL1003")] // nsects
    [InlineData(152, 0x7FFFFFFF, "KL1004")] // offset of the first section
    [InlineData(164, 0x10000000, "KL1004")] // its nreloc
    [InlineData(156, 77, "KL1003")] // its alignment
    public async Task Names_what_is_malformed(int offset, uint value, string code)
    {
        var bytes = (await Clang.CompileAsync(_folder, "a.c", Source)).Bytes.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), value);

        var reading = MachOReader.Read(bytes, "x.o");

        reading.File.ShouldBeNull();
        reading.Diagnostics.ShouldHaveSingleItem().Code.ShouldBe(code);
    }
}
