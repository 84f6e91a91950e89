using KextDev.Processes;
using KextDev.Projects;
using KextDev.Tests.Projects;
using KextDev.Toolchains;

namespace KextDev.Tests.Toolchains;

public sealed class GuestProgramToolchainTests : IDisposable
{
    private readonly ProjectFolder _folder = new();
    private readonly List<string> _lines = [];
    private readonly GuestProgramToolchain _toolchain;

    public GuestProgramToolchainTests()
    {
        _folder.Write("kextdev.json", ProjectFolder.Manifest.Replace("[\"-Wall\"]", "[\"-Wall\", \"-Iinclude\"]", StringComparison.Ordinal));
        _folder.Write("include/ktap.h", "void say(const char *text);\n");
        _folder.Write("tests/ktap.c", "#include <stdio.h>\n#include <ktap.h>\nvoid say(const char *text) { printf(\"KTAP %s\\n\", text); }\n");
        foreach (var name in (string[])["tests/a.c", "tests/b.c", "user/tool.c"])
        {
            _folder.Write(name, $"#include <ktap.h>\nint main(void) {{ say(\"{name}\"); return 0; }}\n");
        }

        _toolchain = new GuestProgramToolchain(_folder.PathOf(".build"), _lines.Add, _ => { });
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Makes_a_static_program_of_each_test_and_each_other_source()
    {
        var programs = await BuildAsync();

        programs.Select(program => program.Name).ShouldBe(["ring_stress", "lifecycle", "ring_full", "tool"]);
        programs[0].Path.ShouldBe(_folder.PathOf(".build/sample/programs/linux/ring_stress"));
        (await new HostCommand(programs[0].Path).RunAsync(CancellationToken.None)).Output.ShouldBe("KTAP tests/a.c\n");
        (await new HostCommand(programs[3].Path).RunAsync(CancellationToken.None)).Output.ShouldBe("KTAP user/tool.c\n");
        (await new HostCommand("readelf", "-lW", programs[0].Path).RunAsync(CancellationToken.None)).Output.ShouldNotContain("INTERP");
    }

    [Fact]
    public async Task Links_a_target_s_own_sources_to_each_program_beside_those_of_other_targets()
    {
        _folder.Write("host/client.h", "#ifndef KEXTHOST\n#error not defined\n#endif\nvoid answer(void);\n");
        _folder.Write("host/client.c", "#include <stdio.h>\n#include \"client.h\"\nvoid answer(void) { puts(\"from the host\"); }\n");
        await BuildAsync();
        _folder.Write(
            "tests/a.c", "#ifdef KEXTHOST\n#include <client.h>\n#else\n#include <stdio.h>\n#define answer() puts(\"no host\")\n#endif\nint main(void) { answer(); return 0; }\n");

        var hosted = await BuildAsync(GuestProgramTarget.KextHost(_folder.PathOf("host")));
        var plain = await BuildAsync();

        (await new HostCommand(hosted[0].Path).RunAsync(CancellationToken.None)).Output.ShouldBe("from the host\n");
        (await new HostCommand(plain[0].Path).RunAsync(CancellationToken.None)).Output.ShouldBe("no host\n");
        Times(await BuildAsync(GuestProgramTarget.KextHost(_folder.PathOf("host")))).ShouldBe(Times(hosted));
    }

    /// <summary>No Mac is at hand to run it on; elsewhere nothing is built that macOS would not run.</summary>
    [Fact]
    public void Builds_programs_for_macOS_by_a_macs_compiler_alone()
    {
        GuestProgramTarget.Clang.Flags.ShouldBe(["clang", "-arch", "x86_64", "-mmacosx-version-min=10.9"]);
        GuestProgramTarget.Clang.LinkFlags.ShouldBeEmpty();
        if (OperatingSystem.IsMacOS())
        {
            GuestProgramTarget.MacOS().ShouldBe(GuestProgramTarget.Clang);
            return;
        }

        Should.Throw<InfrastructureException>(GuestProgramTarget.MacOS).Message.ShouldContain("or test the kext in kexthost: --guest embedded-darwin.");
    }

    [Fact]
    public void Says_where_the_client_library_should_have_been()
    {
        Should.Throw<InfrastructureException>(() => GuestProgramTarget.KextHost(_folder.PathOf("host")))
            .Message.ShouldStartWith($"Programs for a Darwin guest cannot be built: {_folder.PathOf("host")} has no client.c");
    }

    [Fact]
    public async Task Makes_nothing_anew_when_nothing_changed()
    {
        var first = Times(await BuildAsync());

        Times(await BuildAsync()).ShouldBe(first);
    }

    [Theory]
    [InlineData("tests/a.c", "ring_stress")]
    [InlineData("tests/b.c", "lifecycle ring_full")]
    [InlineData("tests/ktap.c", "ring_stress lifecycle ring_full tool")]
    [InlineData("include/ktap.h", "ring_stress lifecycle ring_full tool")]
    public async Task Makes_anew_what_depends_on_a_changed_file(string changed, string expected)
    {
        var programs = await BuildAsync();
        var before = Times(programs);
        File.SetLastWriteTimeUtc(_folder.PathOf(changed), DateTime.UtcNow.AddYears(-1));

        var after = Times(await BuildAsync());

        programs.Index().Where(program => before[program.Index] != after[program.Index]).Select(program => program.Item.Name).ShouldBe(expected.Split(' '));
    }

    [Fact]
    public async Task Makes_everything_anew_when_the_flags_change()
    {
        var before = Times(await BuildAsync());
        _folder.Write("kextdev.json", File.ReadAllText(_folder.ManifestFile).Replace("-Wall", "-O1", StringComparison.Ordinal));

        Times(await BuildAsync()).Zip(before).ShouldAllBe(pair => pair.First != pair.Second);
    }

    [Fact]
    public async Task Makes_anew_a_program_that_was_deleted()
    {
        var programs = await BuildAsync();
        File.Delete(programs[1].Path);

        await BuildAsync();

        File.Exists(programs[1].Path).ShouldBeTrue();
    }

    [Fact]
    public async Task Begins_a_failure_with_the_compilers_first_error_and_tells_all_of_them()
    {
        _folder.Write("tests/a.c", "int main(void) { return missing; }\n");
        _folder.Write("tests/b.c", "int main(void) { return absent; }\n");

        var exception = await Should.ThrowAsync<BuildFailedException>(BuildAsync);

        exception.Message.Split('\n')[0].ShouldMatch(@"^/.*/tests/[ab]\.c:1:\d+: error: '(missing|absent)' undeclared");
        exception.Message.ShouldContain("tests/a.c was not compiled: gcc ended with exit code 1. Command: gcc ");
        exception.Message.ShouldContain("tests/b.c was not compiled");
        _lines.ShouldContain(line => line.Contains("'missing' undeclared"));
        _lines.ShouldContain(line => line.Contains("'absent' undeclared"));
        _lines.ShouldBe(exception.Diagnostics);
    }

    [Fact]
    public async Task Names_a_header_by_its_full_path()
    {
        _folder.Write("include/ktap.h", "#error no luck\n");

        (await Should.ThrowAsync<BuildFailedException>(BuildAsync)).Message.ShouldStartWith($"{_folder.PathOf("include/ktap.h")}:1:2: error: #error no luck");
    }

    [Fact]
    public async Task Says_which_program_does_not_link()
    {
        _folder.Write("tests/a.c", "int absent(void);\nint main(void) { return absent(); }\n");

        var exception = await Should.ThrowAsync<BuildFailedException>(BuildAsync);

        exception.Message.Split('\n')[0].ShouldContain("undefined reference to `absent'");
        exception.Message.ShouldContain("The program ring_stress was not linked");
    }

    [Fact]
    public async Task Says_that_the_build_folder_cannot_be_written_to()
    {
        _folder.Write(".build/sample", "a file where a folder belongs");

        (await Should.ThrowAsync<InfrastructureException>(BuildAsync)).Message.ShouldStartWith("The programs of sample were not built in ");
    }

    private Task<IReadOnlyList<GuestProgram>> BuildAsync() => BuildAsync(GuestProgramTarget.Linux);

    private Task<IReadOnlyList<GuestProgram>> BuildAsync(GuestProgramTarget target) =>
        _toolchain.BuildAsync(Project.Load(_folder.ManifestFile), target, CancellationToken.None);

    private static List<DateTime> Times(IEnumerable<GuestProgram> programs) => [.. programs.Select(program => File.GetLastWriteTimeUtc(program.Path))];
}
