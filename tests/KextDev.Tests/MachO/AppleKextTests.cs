using KextDev.MachO;
using KextDev.Processes;

namespace KextDev.Tests.MachO;

public sealed class AppleKextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_kext_of_Apples_linker_is_read_whole()
    {
        var file = LinkedKext.Read(AppleKext.Write());

        file.Header.ShouldBe(new MachOHeader(MachOHeader.X86, MachOHeader.X86All, MachOHeader.KextBundleFileType, 0x85, 0));
        file.Segments.Select(segment => (segment.Name, segment.Address)).ShouldBe([("__TEXT", 0ul), ("__DATA", 0x1000ul), ("__LINKEDIT", 0x2000ul)]);
        file.Sections.Select(section => section.ToString()).ShouldBe(["__TEXT,__text", "__TEXT,__cstring", "__DATA,__got", "__DATA,__data", "__DATA,__bss"]);
        file.Imports.ShouldBe([new MachOImport("_printf", false), new MachOImport("_version", false)]);
        file.FindDefined("_start").ShouldNotBeNull().Value.ShouldBe(0xFD0ul);
        file.Uuid.ShouldBe(new Guid(AppleKext.Uuid));
        KmodInfo.Find(file).ShouldBe(new KmodInfo("org.example.apple", "4.5.6"));
        file.LocalRelocations.ToArray().Select(relocation => (relocation.Address, relocation.Number, relocation.IsExternal, relocation.Length))
            .ShouldBe([(0x10C4, 1, false, 3), (0x10CC, 1, false, 3)]);
        file.ExternalRelocations.ToArray().Select(relocation => (relocation.Address, relocation.Number, relocation.Type, relocation.IsPcRelative))
            .ShouldBe([(0x1000, 4, RelocationType.Unsigned, false), (0xFD1, 3, RelocationType.Branch, true)]);
        file.Commands[^1].Command.ShouldBe(LoadCommand.CodeSignature);
    }

    [Fact]
    public void It_is_written_back_byte_for_byte_signature_included()
    {
        var bytes = AppleKext.Write();

        MachOWriter.Write(LinkedKext.Read(bytes)).ShouldBe(bytes);
    }

    [Fact]
    public void It_loads_where_the_kernel_puts_it()
    {
        var kernel = new Dictionary<string, ulong>(StringComparer.Ordinal) { ["_printf"] = 0xFFFFFF7F_80000000, ["_version"] = 0xFFFFFF7F_80000100 };

        var image = LoadedImage.Load(AppleKext.Write(), 0xFFFFFF7F_81230000, kernel);

        image.Pointer("_kmod_info", 180).ShouldBe(0xFFFFFF7F_81230FD0);
        image.Pointer("_kmod_info", 188).ShouldBe(0xFFFFFF7F_81230FE0);
        BitConverter.ToUInt64(image.Bytes, 0x1000).ShouldBe(0xFFFFFF7F_80000100);
        BitConverter.ToInt32(image.Bytes, 0xFD1).ShouldBe(unchecked((int)(0x80000000u - 0x81230FD5u)));
    }

    [Fact]
    public async Task LLVMs_tools_read_the_same_in_it()
    {
        File.WriteAllBytes(_folder.Combine("apple"), AppleKext.Write());

        var dump = await new HostCommand("llvm-objdump-14", "--macho", "--private-headers", "--syms", "--disassemble", _folder.Combine("apple")).RunAsync(CancellationToken.None);

        dump.Error.ShouldBeEmpty();
        dump.Output.ShouldContain("KEXTBUNDLE");
        dump.Output.ShouldContain("_kmod_info");
        dump.Output.ShouldContain("callq");
    }
}
