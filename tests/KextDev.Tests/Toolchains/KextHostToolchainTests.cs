using System.Collections.Concurrent;
using KextDev.Processes;
using KextDev.Toolchains;

namespace KextDev.Tests.Toolchains;

public sealed class KextHostToolchainTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _lines = new();

    public KextHostToolchainTests()
    {
        _folder.Write("host/shared.h", "#define WORD \"one\"\nconst char *word(void);\n");
        _folder.Write("host/shared.c", "#include \"shared.h\"\nconst char *word(void) { return WORD; }\n");
        _folder.Write("host/main.c", "#include <stdio.h>\n#include \"shared.h\"\nint main(void) { return puts(word()) < 0; }\n");
        _folder.Write("host/guest/main.c", "#include <stdio.h>\n#include \"shared.h\"\nint main(void) { return printf(\"guest %s\\n\", word()) < 0; }\n");
    }

    private KextHostToolchain Toolchain => new(_folder.Combine("host"), _folder.Combine("made"), _lines.Enqueue, _ => { });

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Makes_two_programs_that_need_no_library_of_the_system()
    {
        var programs = await Toolchain.BuildAsync(CancellationToken.None);

        (await OutputAsync(programs.KextHost)).ShouldBe("one\n");
        (await OutputAsync(programs.Commands)).ShouldBe("guest one\n");
        (await new HostCommand("readelf", "-l", programs.KextHost).RunAsync(CancellationToken.None)).Output.ShouldNotContain("INTERP");
        _lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Makes_again_what_depends_on_a_changed_header_and_nothing_otherwise()
    {
        var programs = await Toolchain.BuildAsync(CancellationToken.None);
        var made = File.GetLastWriteTimeUtc(programs.Commands);

        await Toolchain.BuildAsync(CancellationToken.None);
        File.GetLastWriteTimeUtc(programs.Commands).ShouldBe(made);

        _folder.Write("host/shared.h", "#define WORD \"another\"\nconst char *word(void);\n");
        await Toolchain.BuildAsync(CancellationToken.None);
        (await OutputAsync(programs.Commands)).ShouldBe("guest another\n");
    }

    [Fact]
    public async Task A_source_that_does_not_compile_is_told_with_what_the_compiler_says()
    {
        var source = _folder.Write("host/guest/broken.c", "int broken(void) { return nothing; }\n");

        var failure = await Should.ThrowAsync<BuildFailedException>(Toolchain.BuildAsync(CancellationToken.None));

        failure.Message.ShouldContain($"{source}:1:");
        failure.Message.ShouldContain($"{source} was not compiled");
    }

    private static async Task<string> OutputAsync(string program) => (await new HostCommand(program).RunAsync(CancellationToken.None)).Output;
}
