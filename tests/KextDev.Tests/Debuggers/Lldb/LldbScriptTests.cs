using KextDev.Debuggers.Lldb;

namespace KextDev.Tests.Debuggers.Lldb;

public sealed class LldbScriptTests
{
    [Fact]
    public void A_module_gets_the_address_of_each_section_before_the_connection()
    {
        var script = new LldbScript
        {
            Kernel = new SlidImage("/k/vmlinux", SymbolFile: null, Slide: 0),
            Images = [new ScatteredImage("/m/sample.ko", new Dictionary<string, ulong>(StringComparer.Ordinal) { [".text"] = 0xffffffffc0000000, [".data"] = 0x10 })],
            Connect = "gdb-remote 127.0.0.1:1234",
        };

        Lines(script).ShouldBe(
        [
            "settings set auto-confirm true",
            "target create \"/k/vmlinux\"",
            "target modules add \"/m/sample.ko\"",
            "target modules load --file \"/m/sample.ko\" \".text\" 0xffffffffc0000000 \".data\" 0x10",
            "gdb-remote 127.0.0.1:1234",
        ]);
    }

    [Fact]
    public void A_kext_gets_its_debug_information_and_its_slide_and_a_kit_its_macros()
    {
        var script = new LldbScript
        {
            Kernel = new SlidImage("/k/kernel", "/k/kernel.dSYM", Slide: 0x200000),
            LoadsScripts = true,
            Images = [new SlidImage("/a b/sample", "/a b/sample.dwarf", 0xffffff7f80000000)],
            Connect = "kdp-remote 10.0.0.5",
            RunTo = new RunTo("panic"),
        };

        Lines(script).ShouldBe(
        [
            "settings set auto-confirm true",
            "settings set target.load-script-from-symbol-file true",
            "target create \"/k/kernel\"",
            "target symbols add --shlib \"/k/kernel\" \"/k/kernel.dSYM\"",
            "target modules load --file \"/k/kernel\" --slide 0x200000",
            "target modules add \"/a b/sample\"",
            "target symbols add --shlib \"/a b/sample\" \"/a b/sample.dwarf\"",
            "target modules load --file \"/a b/sample\" --slide 0xffffff7f80000000",
            "kdp-remote 10.0.0.5",
            "breakpoint set --one-shot true --name \"panic\"",
            "continue",
        ]);
    }

    [Fact]
    public void A_path_cannot_end_its_quotes() => LldbScript.Quote("/a\"b\\c").ShouldBe("\"/a\\\"b\\\\c\"");

    private static string[] Lines(LldbScript script) => script.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
