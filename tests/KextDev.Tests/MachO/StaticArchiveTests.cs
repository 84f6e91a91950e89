using KextDev.MachO;
using KextDev.Processes;

namespace KextDev.Tests.MachO;

public sealed class StaticArchiveTests : IDisposable
{
    private const string LongName = "a-member-whose-name-is-longer-than-sixteen.o";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gnu")]
    [InlineData("bsd")]
    [InlineData("darwin")]
    public async Task Reads_the_members_of_an_archive(string format)
    {
        var (kmod, archive) = await ArchiveAsync(format);
        var diagnostics = new List<LinkDiagnostic>();

        var members = StaticArchive.Read(archive.Bytes, archive.Name, diagnostics);

        diagnostics.ShouldBeEmpty();
        members.Select(member => member.Name).ShouldBe(["one.o", LongName, "unused.o"]);
        foreach (var member in members)
        {
            // Darwin's archives pad their members.
            member.Bytes.Span.StartsWith(File.ReadAllBytes(_folder.Combine(member.Name))).ShouldBeTrue();
        }

        kmod.IsLibrary.ShouldBeFalse();
    }

    [Theory]
    [InlineData("gnu")]
    [InlineData("darwin")]
    public async Task Links_the_members_that_are_needed_and_no_others(string format)
    {
        var (kmod, archive) = await ArchiveAsync(format);
        var caller = await Clang.CompileAsync(_folder, "caller.c", "extern int one(void); int caller(void) { return one(); }");

        var result = KextLinker.Link(new KextLinkRequest([archive, kmod, caller]), CancellationToken.None);

        result.Diagnostics.ShouldBeEmpty();
        var file = LinkedKext.Read(result.File!);
        file.FindDefined("_one").ShouldNotBeNull();
        file.FindDefined("_two").ShouldNotBeNull();
        file.FindDefined("_unused").ShouldBeNull();
        result.Imports.ShouldHaveSingleItem().Objects.ShouldBe([$"{archive.Name}({LongName})"]);
    }

    [Fact]
    public async Task Opens_the_archive_in_a_fat_file()
    {
        var (kmod, archive) = await ArchiveAsync("darwin");
        var fat = _folder.Combine("fat.a");
        await new HostCommand("llvm-lipo-14", "-create", archive.Name, "-output", fat).RunAsync(CancellationToken.None);
        var caller = await Clang.CompileAsync(_folder, "caller.c", "extern int one(void); int caller(void) { return one(); }");

        LinkedKext.Read(LinkedKext.Link(kmod, caller, Clang.Read(fat))).FindDefined("_two").ShouldNotBeNull();
    }

    [Fact]
    public async Task Takes_a_library_object_only_when_it_is_needed()
    {
        var kmod = await Clang.KmodAsync(_folder);
        var wanted = await Clang.CompileAsync(_folder, "wanted.c", "int wanted(void) { return 1; }");
        var other = await Clang.CompileAsync(_folder, "other.c", "int other(void) { return 1; } int wanted(void) { return 2; }");
        var caller = await Clang.CompileAsync(_folder, "caller.c", "extern int wanted(void); int caller(void) { return wanted(); }");

        var file = LinkedKext.Read(LinkedKext.Link(wanted with { IsLibrary = true }, other with { IsLibrary = true }, kmod, caller));

        file.FindDefined("_wanted").ShouldNotBeNull();
        file.FindDefined("_other").ShouldBeNull();
        LinkedKext.Read(LinkedKext.Link(wanted with { IsLibrary = true }, kmod)).FindDefined("_wanted").ShouldBeNull();
    }

    [Fact]
    public async Task Takes_kmod_info_from_a_library()
    {
        var kmod = await Clang.KmodAsync(_folder);
        var other = await Clang.CompileAsync(_folder, "other.c", "int other;");

        KmodInfo.Find(LinkedKext.Read(LinkedKext.Link(other, kmod with { IsLibrary = true }))).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("!<arch>\nshort")]
    [InlineData("!<arch>\nname/           0           0     0     644     999999    `\n")]
    [InlineData("!<arch>\nname/           0           0     0     644     x         `\n")]
    [InlineData("!<arch>\n/77             0           0     0     644     0         `\n")]
    [InlineData("!<arch>\n#1/90           0           0     0     644     4         `\nabcd")]
    public void Says_what_is_malformed(string text)
    {
        var diagnostics = new List<LinkDiagnostic>();

        StaticArchive.Read(System.Text.Encoding.ASCII.GetBytes(text), "x.a", diagnostics).ShouldBeEmpty();

        diagnostics.ShouldHaveSingleItem().Code.ShouldBe("KL1007");
    }

    private async Task<(LinkInput Kmod, LinkInput Archive)> ArchiveAsync(string format)
    {
        var kmod = await Clang.KmodAsync(_folder);
        await Clang.CompileAsync(_folder, "one.c", "extern int two(void); int one(void) { return two(); }");
        await Clang.CompileAsync(_folder, Path.ChangeExtension(LongName, ".c"), "extern int printf(const char *, ...); int two(void) { return printf(\"two\"); }");
        await Clang.CompileAsync(_folder, "unused.c", "extern int absent(void); int unused(void) { return absent(); }");
        var archive = _folder.Combine($"lib-{format}.a");
        await new HostCommand("llvm-ar-14", "rcs", $"--format={format}", archive, "one.o", LongName, "unused.o") { WorkingDirectory = _folder.Path }
            .RunAsync(CancellationToken.None);
        return (kmod, Clang.Read(archive));
    }
}
