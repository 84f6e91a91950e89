using System.Text.RegularExpressions;
using KextDev.MachO;
using KextDev.Processes;

namespace KextDev.Tests.MachO;

public sealed class DebugMapTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Dsymutil_finds_functions_lines_and_variables_at_their_linked_addresses()
    {
        var kext = LinkedKext.Link(
            await Clang.KmodAsync(_folder),
            await Clang.CompileAsync(_folder, "one.c", """
                extern int printf(const char *, ...);
                static int seen;
                int public_variable = 3;

                static __attribute__((noinline)) int hidden(int value)
                {
                    seen += value;
                    return printf("%d", seen);
                }

                int public_function(int value)
                {
                    return hidden(value) + public_variable;
                }
                """),
            await Clang.CompileAsync(_folder, "two.cc", "struct Thing { int n; int get() const; }; int Thing::get() const { return n; }"));
        File.WriteAllBytes(_folder.Combine("sample"), kext);

        var made = await new HostCommand("dsymutil-14", _folder.Combine("sample"), "-o", _folder.Combine("sample.dSYM")).RunAsync(CancellationToken.None);
        var dwarf = _folder.Combine("sample.dSYM/Contents/Resources/DWARF/sample");

        made.Error.ShouldBeEmpty();
        var file = LinkedKext.Read(kext);
        foreach (var name in (string[])["_hidden", "_public_function", "__ZNK5Thing3getEv", "_start", "_stop"])
        {
            var address = file.FindDefined(name).ShouldNotBeNull().Value;
            var found = await DumpAsync(dwarf, $"--lookup=0x{address:x}");
            found.ShouldMatch(@$"DW_TAG_subprogram\s+DW_AT_low_pc\s+\(0x0*{address:x}\)");
            found.ShouldMatch(@"Line info: file '[^']*(one\.c|two\.cc|kmod\.c)', line [1-9]");
        }

        var lookup = await DumpAsync(dwarf, $"--lookup=0x{file.FindDefined("_public_function")!.Value.Value:x}");
        lookup.ShouldContain("DW_AT_name\t(\"public_function\")");
        lookup.ShouldMatch(@"Line info: file '[^']*one\.c', line 12,");
        var whole = await DumpAsync(dwarf, "--debug-info");
        AddressOf(whole, "public_variable").ShouldBe(file.FindDefined("_public_variable")!.Value.Value);
        AddressOf(whole, "seen").ShouldBe(file.FindDefined("_seen")!.Value.Value);
        (await DumpAsync(dwarf, "--verify")).ShouldContain("No errors.");
        (await DumpAsync(dwarf, "--uuid")).ShouldContain(file.Uuid!.Value.ToString().ToUpperInvariant());
    }

    [Fact]
    public async Task Dsymutil_finds_the_objects_of_an_archive()
    {
        await Clang.CompileAsync(_folder, "member.c", "int member(void) { return 7; }");
        await new HostCommand("llvm-ar-14", "rcs", "--format=darwin", _folder.Combine("lib.a"), _folder.Combine("member.o")).RunAsync(CancellationToken.None);
        var caller = await Clang.CompileAsync(_folder, "caller.c", "extern int member(void); int caller(void) { return member(); }");
        File.WriteAllBytes(_folder.Combine("sample"), LinkedKext.Link(await Clang.KmodAsync(_folder), caller, Clang.Read(_folder.Combine("lib.a"))));

        var made = await new HostCommand("dsymutil-14", _folder.Combine("sample"), "-o", _folder.Combine("sample.dSYM")).RunAsync(CancellationToken.None);

        made.Error.ShouldBeEmpty();
        (await DumpAsync(_folder.Combine("sample.dSYM/Contents/Resources/DWARF/sample"), "--name=member")).ShouldContain("DW_AT_low_pc");
    }

    [Fact]
    public async Task A_coalesced_function_has_its_lines_where_it_was_kept()
    {
        const string Shared = "__attribute__((weak)) int shared(int n) { return n + 1; } ";
        var kext = LinkedKext.Link(
            await Clang.KmodAsync(_folder),
            await Clang.CompileAsync(_folder, "one.c", Shared + "int one(int n) { return shared(n); }"),
            await Clang.CompileAsync(_folder, "two.c", Shared + "int two(int n) { return shared(n); }"));
        File.WriteAllBytes(_folder.Combine("sample"), kext);
        await new HostCommand("dsymutil-14", _folder.Combine("sample"), "-o", _folder.Combine("sample.dSYM")).RunAsync(CancellationToken.None);

        var found = await DumpAsync(_folder.Combine("sample.dSYM/Contents/Resources/DWARF/sample"), "--name=shared");

        Regex.Matches(found, "DW_AT_low_pc.*", RegexOptions.None, TimeSpan.FromSeconds(5)).ShouldHaveSingleItem()
            .Value.ShouldContain($"{LinkedKext.Read(kext).FindDefined("_shared")!.Value.Value:x}");
    }

    [Fact]
    public async Task Names_source_object_and_time_as_a_debugger_expects()
    {
        var source = await Clang.CompileAsync(_folder, "one.c", "int one(void) { return 1; }") with { Modified = 0x1234 };
        var file = LinkedKext.Read(LinkedKext.Link(source, await Clang.KmodAsync(_folder)));

        var stabs = file.Symbols.ToArray().Where(symbol => symbol.IsStab).Select(symbol => $"{symbol.Type:x} {file.NameOf(symbol)} {symbol.Description}").Take(8);

        stabs.ShouldBe([$"64 {_folder.Path}/ 0", "64 one.c 0", $"66 {source.Name} 1", "2e  0", "24 _one 0", "24  0", "4e  0", "64  0"]);
        file.Symbols[2].Value.ShouldBe(0x1234ul);
    }

    [Theory]
    [InlineData("-gdwarf-2")]
    [InlineData("-gdwarf-4")]
    [InlineData("-gdwarf-5")]
    public async Task Reads_the_name_of_the_source_from_any_DWARF(string version)
    {
        var file = LinkedKext.Read(LinkedKext.Link(await Clang.CompileAsync(_folder, "sub/one.c", "int one(void) { return 1; }", version), await Clang.KmodAsync(_folder)));

        file.NameOf(file.Symbols[0]).ShouldBe(_folder.Combine("sub/"));
        file.NameOf(file.Symbols[1]).ShouldBe("one.c");
    }

    [Fact]
    public async Task Leaves_the_map_out_when_told_so()
    {
        var kmod = await Clang.KmodAsync(_folder);
        var with = KextLinker.Link(new KextLinkRequest([kmod]), CancellationToken.None);
        var without = KextLinker.Link(new KextLinkRequest([kmod]) { WithDebugMap = false }, CancellationToken.None);

        LinkedKext.Read(without.File!).Symbols.ToArray().ShouldAllBe(symbol => !symbol.IsStab);
        without.Uuid.ShouldBe(with.Uuid);
    }

    private static async Task<string> DumpAsync(string dwarf, string option) =>
        (await new HostCommand("llvm-dwarfdump-14", option, dwarf).RunAsync(CancellationToken.None)).Output;

    private static ulong AddressOf(string dump, string variable)
    {
        var match = Regex.Match(
            dump, $@"DW_AT_name\s+\(""{variable}""\)[^\n]*(\n(?!\s*\n)[^\n]+)*?DW_AT_location\s+\(DW_OP_addr 0x(?<address>[0-9a-f]+)\)",
            RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
        match.Success.ShouldBeTrue(variable);
        return Convert.ToUInt64(match.Groups["address"].Value, 16);
    }
}
