using KextDev.MachO;
using KextDev.Processes;

namespace KextDev.Tests.MachO;

public sealed class GeneratedKextTests : IDisposable
{
    private const ulong Base = 0xFFFFFF7F_9E40_1000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_relocation_of_500_functions_in_40_objects_is_what_an_independent_calculation_gives()
    {
        var kernel = GeneratedKext.Kernel(0xFFFFFF7F_80200000);
        LinkInput[] inputs = [await Clang.KmodAsync(_folder), .. await GeneratedKext.CompileAsync(_folder, files: 40, functions: 500)];
        var bytes = LinkedKext.Link(inputs);
        var kext = LinkedKext.Read(bytes);
        var image = LoadedImage.Load(bytes, Base, kernel);
        var audit = new RelocationAudit(kext, image, kernel);

        foreach (var input in inputs)
        {
            audit.Check(LinkedKext.Read(input.Bytes.ToArray()), Path.GetFileName(input.Name));
        }

        audit.CheckNothingElseWasRelocated();
        audit.Checked.ShouldBeGreaterThan(10_000);
        audit.Kinds.Keys.Order().ShouldBe(
        [
            RelocationType.Unsigned, RelocationType.Signed, RelocationType.Branch, RelocationType.GotLoad, RelocationType.Got,
            RelocationType.Subtractor, RelocationType.Signed1, RelocationType.Signed2, RelocationType.Signed4,
        ]);
        kext.Sections.ShouldNotContain(section => section.Segment != "__TEXT" && section.Segment != "__DATA");
        await LlvmAcceptsAsync(bytes);
    }

    [Fact]
    public async Task Equal_objects_give_equal_bytes_wherever_they_lie()
    {
        var inputs = (await GeneratedKext.CompileAsync(_folder, files: 3, functions: 12)).Append(await Clang.KmodAsync(_folder)).ToArray();

        var once = KextLinker.Link(new KextLinkRequest(inputs), CancellationToken.None);
        var again = KextLinker.Link(new KextLinkRequest(inputs), CancellationToken.None);
        var elsewhere = KextLinker.Link(new KextLinkRequest([.. inputs.Select(input => input with { Name = "/elsewhere/" + input.Name })]), CancellationToken.None);
        var fewer = KextLinker.Link(new KextLinkRequest([.. inputs.Take(2), inputs[^1]]), CancellationToken.None);

        again.File.ShouldBe(once.File);
        elsewhere.Uuid.ShouldBe(once.Uuid);
        elsewhere.File.ShouldNotBe(once.File);
        fewer.Uuid.ShouldNotBe(once.Uuid);
    }

    private async Task LlvmAcceptsAsync(byte[] kext)
    {
        var path = _folder.Combine("sample");
        File.WriteAllBytes(path, kext);
        foreach (var (program, options) in new (string, string[])[]
        {
            ("llvm-objdump-14", ["--macho", "--private-headers", "--disassemble", "--syms"]),
            ("llvm-objdump-14", ["--disassemble-all", "--reloc", "--syms"]),
            ("llvm-readobj-14", ["--file-headers", "--sections", "--symbols", "--relocations", "--macho-segment", "--macho-dysymtab"]),
            ("dsymutil-14", ["-o", _folder.Combine("sample.dSYM")]),
            ("llvm-dwarfdump-14", ["--verify", _folder.Combine("sample.dSYM")]),
        })
        {
            var result = await new HostCommand(program, options.Append(path)).RunAsync(CancellationToken.None);
            result.Error.ShouldBeEmpty(program);
        }
    }
}
