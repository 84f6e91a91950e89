using System.Text.Json;
using KextDev.Toolchains;

namespace KextDev.Tests.Toolchains;

public sealed class KbuildCommandsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Mirror => _folder.Combine("mirror");

    private string Source => _folder.Combine("source");

    private KernelTree Tree => new("6.1.0", _folder.Combine("tree"), _folder.Combine("tree"));

    [Theory]
    [InlineData("cmd_")]
    [InlineData("savedcmd_")]
    public void Leads_from_the_mirror_back_to_the_users_sources(string key)
    {
        _folder.Write("source/linux/main.c", "");
        _folder.Write("source/include/a.h", "");
        _folder.Write(
            "mirror/linux/.main.o.cmd",
            $"""
            {key}{Mirror}/linux/main.o := gcc-12 -Wp,-MMD,{Mirror}/linux/.main.o.d -I./include -ffile-prefix-map={Mirror}={Source} -I{Mirror}/linux/../include -DNAME='"main"' -DPRICE=5$$ -c -o {Mirror}/linux/main.o {Mirror}/linux/main.c   ; ./tools/objtool {Mirror}/linux/main.o

            source_{Mirror}/linux/main.o := {Mirror}/linux/main.c

            """);

        var command = new KbuildCommands(Mirror, Source, Tree).Read().ShouldHaveSingleItem();

        command.Directory.ShouldBe(Tree.ObjectFolder);
        command.File.ShouldBe($"{Source}/linux/main.c");
        command.Output.ShouldBe($"{Mirror}/linux/main.o");
        command.Arguments.ShouldBe(
            ["gcc-12", "-I./include", $"-I{Source}/include", "-DNAME=\"main\"", "-DPRICE=5$", "-c", "-o", $"{Mirror}/linux/main.o", $"{Source}/linux/main.c"]);
    }

    [Fact]
    public void Leaves_out_what_the_build_generated()
    {
        _folder.Write("mirror/.sample.mod.o.cmd", $"cmd_x := gcc -c -o sample.mod.o {Mirror}/sample.mod.c\nsource_x := {Mirror}/sample.mod.c\n");
        _folder.Write("mirror/.sample.o.cmd", "cmd_x := ld -r -o sample.o main.o\n");
        _folder.Write("mirror/.outside.o.cmd", "cmd_x := gcc -c /etc/outside.c\nsource_x := /etc/outside.c\n");

        new KbuildCommands(Mirror, Source, Tree).Read().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("a  b\tc", "a|b|c")]
    [InlineData("'a b' \"c \\\" d\" e\\ f ''", "a b|c \" d|e f|")]
    [InlineData("-DX='\"y\"' z; rm z", "-DX=\"y\"|z")]
    [InlineData("a && b", "a")]
    public void Splits_words_as_a_shell_does(string command, string words) => string.Join('|', KbuildCommands.ShellWords(command)).ShouldBe(words);

    [Fact]
    public void One_platforms_commands_replace_its_own_and_leave_the_others()
    {
        Directory.CreateDirectory(Source);
        var kept = Directory.CreateDirectory(_folder.Combine("kept")).FullName;
        void Write(string platform, params string[] files) =>
            CompileCommands.Write(Source, kept, platform, [.. files.Select(file => new CompileCommand("/", file, file + ".o", ["cc", file]))], _ => { });

        Write("linux", "/l/old.c", "/l/shared.c");
        Write("darwin", "/d/main.c", "/l/shared.c");
        Write("linux", "/l/new.c");

        Files().ShouldBe(["/d/main.c", "/l/shared.c", "/l/new.c"]);
    }

    [Fact]
    public void A_build_does_not_fail_where_no_editor_can_be_told()
    {
        var notes = new List<string>();

        CompileCommands.Write(_folder.Write("source", "a file"), _folder.Path, "linux", [], notes.Add);

        notes.ShouldHaveSingleItem().ShouldStartWith("compile_commands.json, which is for editors, was not written");
    }

    private IEnumerable<string?> Files()
    {
        using var commands = JsonDocument.Parse(File.ReadAllText(Path.Combine(Source, "compile_commands.json")));
        return [.. commands.RootElement.EnumerateArray().Select(entry => entry.GetProperty("file").GetString())];
    }
}
