using KextDev.Projects;
using KextDev.Tests.Projects;
using KextDev.Toolchains;

namespace KextDev.Tests.Toolchains;

/// <summary>
/// Real make, compiler and files; the kernel tree is a Makefile of ours that compiles one source, and counts how often it is asked.
/// The guest tests build against real kernel headers.
/// </summary>
public sealed class LinuxModuleToolchainTests : IDisposable
{
    private readonly ProjectFolder _folder = new();
    private readonly List<string> _lines = [];
    private readonly KernelTree _tree;
    private readonly LinuxModuleToolchain _toolchain;

    public LinuxModuleToolchainTests()
    {
        _folder.Write("include/sample.h", "#define SIZE 4\n");
        _folder.Write("linux/main.c", Source);
        _folder.Write(
            ".tree/Makefile",
            """
            $(M)/sample.ko: $(wildcard $(M)/*.c $(M)/*/*.c $(M)/../include/*)
            	@echo asked >> $(O)/asked
            	gcc $(KCFLAGS) -Wall -c -o $@ $(M)/main.c
            modules: $(M)/sample.ko
            """);
        _folder.Write(".tree/.config", "");
        _tree = new KernelTree("5.5.5-sample", _folder.PathOf(".tree"), _folder.PathOf(".tree"));
        _toolchain = new LinuxModuleToolchain(_folder.PathOf(".build"), _lines.Add, _ => { });
    }

    private const string Source = """
        #include "../include/sample.h"
        const char info[] __attribute__((section(".modinfo"))) = "name=sample\0vermagic=5.5.5-sample SMP preempt ";
        char room[SIZE];
        """;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Builds_a_module_beside_links_to_the_sources_and_leaves_the_users_folder_alone()
    {
        var before = Directory.GetFiles(_folder.PathOf("linux"));

        var module = await BuildAsync("normal");

        module.Name.ShouldBe("sample");
        module.Variant.ShouldBe("normal");
        module.Vermagic.ShouldBe("5.5.5-sample SMP preempt");
        module.Release.ShouldBe("5.5.5-sample");
        module.Path.ShouldBe(_folder.PathOf(".build/sample/linux-5.5.5-sample-normal/linux/sample.ko"));
        Directory.GetFiles(_folder.PathOf("linux")).ShouldBe(before, ignoreOrder: true);
    }

    [Fact]
    public async Task Does_not_call_make_when_nothing_changed()
    {
        var first = await BuildAsync("normal");

        (await BuildAsync("normal")).ShouldBe(first);

        Asked().ShouldBe(1);
    }

    [Theory]
    [InlineData("linux/main.c", Source + "\nint more;")]
    [InlineData("include/sample.h", "#define SIZE 5\n")]
    [InlineData("linux/new.c", "int added;")]
    public async Task Builds_again_when_a_file_changed_even_to_an_older_one(string name, string text)
    {
        await BuildAsync("normal");
        _folder.Write(name, text);
        File.SetLastWriteTimeUtc(_folder.PathOf(name), DateTime.UtcNow.AddYears(-1));

        await BuildAsync("normal");

        Asked().ShouldBe(2);
    }

    [Fact]
    public async Task Builds_again_when_the_module_was_deleted()
    {
        File.Delete((await BuildAsync("normal")).Path);

        await BuildAsync("normal");

        Asked().ShouldBe(2);
    }

    [Fact]
    public async Task Keeps_the_variants_apart()
    {
        _folder.Write("linux/main.c", Source + "\n#ifdef TEST\nchar more[1000];\n#endif");

        var normal = await BuildAsync("normal");
        var test = await BuildAsync("test");

        test.Sha256.ShouldNotBe(normal.Sha256);
        (await BuildAsync("normal")).Sha256.ShouldBe(normal.Sha256);
        Asked().ShouldBe(2);
    }

    [Fact]
    public async Task Removes_the_link_of_a_deleted_source()
    {
        _folder.Write("linux/old.c", "");
        await BuildAsync("normal");
        var link = _folder.PathOf(".build/sample/linux-5.5.5-sample-normal/linux/old.c");
        File.Exists(link).ShouldBeTrue();
        File.Delete(_folder.PathOf("linux/old.c"));

        await BuildAsync("normal");

        Path.Exists(link).ShouldBeFalse();
        new FileInfo(link).LinkTarget.ShouldBeNull();
    }

    [Fact]
    public async Task Does_not_link_what_a_build_by_hand_left_behind()
    {
        _folder.Write("linux/sample.ko", "mine");

        await BuildAsync("normal");

        File.ReadAllText(_folder.PathOf("linux/sample.ko")).ShouldBe("mine");
    }

    [Fact]
    public async Task Begins_a_failure_with_the_compilers_first_error_in_the_users_own_file()
    {
        _folder.Write("linux/main.c", Source + "\nint f(void) { int unused; return missing; }");

        var exception = await Should.ThrowAsync<BuildFailedException>(() => BuildAsync("normal"));

        var first = exception.Message.Split('\n')[0];
        first.ShouldStartWith($"{_folder.PathOf("linux/main.c")}:4:");
        first.ShouldContain("error: 'missing' undeclared");
        exception.Message.ShouldContain("The module sample (variant normal) was not built: make ended with exit code 2. Command: make -C ");
        _lines.ShouldBe(exception.Diagnostics);
        _lines.ShouldContain(line => line.Contains("warning: unused variable"));
        _lines.ShouldAllBe(line => !line.Contains(".build") && !line.StartsWith("make"));
    }

    [Fact]
    public async Task Names_an_included_header_by_its_true_path()
    {
        _folder.Write("include/sample.h", "#define SIZE 4\n#error no luck\n");

        var exception = await Should.ThrowAsync<BuildFailedException>(() => BuildAsync("normal"));

        exception.Message.ShouldStartWith($"{_folder.PathOf("include/sample.h")}:2:2: error: #error no luck");
    }

    [Fact]
    public async Task Builds_after_the_mistake_was_corrected()
    {
        _folder.Write("linux/main.c", "#error no luck");
        await Should.ThrowAsync<BuildFailedException>(() => BuildAsync("normal"));
        _folder.Write("linux/main.c", Source);

        (await BuildAsync("normal")).Name.ShouldBe("sample");
    }

    [Fact]
    public async Task Starts_over_after_a_build_that_was_cancelled_in_the_middle()
    {
        var makefile = File.ReadAllText(_folder.PathOf(".tree/Makefile"));
        _folder.Write(".tree/Makefile", "modules:\n\t@echo half > $(M)/sample.ko; echo at work >&2; sleep 1000\n");
        using var cancellation = new CancellationTokenSource();
        var toolchain = new LinuxModuleToolchain(_folder.PathOf(".build"), _ => cancellation.Cancel(), _ => { });
        await Should.ThrowAsync<OperationCanceledException>(() => toolchain.BuildAsync(Project.Load(_folder.ManifestFile), "normal", _tree, cancellation.Token));
        File.ReadAllText(_folder.PathOf(".build/sample/linux-5.5.5-sample-normal/linux/sample.ko")).ShouldBe("half\n");
        _folder.Write(".tree/Makefile", makefile);

        (await BuildAsync("normal")).Name.ShouldBe("sample");
    }

    [Fact]
    public async Task Says_that_the_build_folder_cannot_be_written_to()
    {
        _folder.Write(".build/sample", "a file where a folder belongs");

        (await Should.ThrowAsync<InfrastructureException>(() => BuildAsync("normal"))).Message.ShouldStartWith("The module sample (variant normal) was not built in ");
    }

    [Fact]
    public async Task Says_that_the_kbuild_file_makes_another_module()
    {
        _folder.Write(".tree/Makefile", "modules:\n\t@true\n");

        (await Should.ThrowAsync<BuildFailedException>(() => BuildAsync("normal"))).Message.ShouldContain("makes no sample.ko");
    }

    [Fact]
    public async Task Asks_whether_a_misspelt_variant_meant_another() =>
        (await Should.ThrowAsync<InfrastructureException>(() => BuildAsync("tset"))).Message
            .ShouldBe("The extension sample has no variant 'tset'. Variants: normal, test. Did you mean 'test'?");

    [Fact]
    public async Task Says_that_the_kernels_headers_are_missing()
    {
        File.Delete(_folder.PathOf(".tree/Makefile"));

        (await Should.ThrowAsync<InfrastructureException>(() => BuildAsync("normal"))).Message.ShouldContain("its headers are not complete");
    }

    [Fact]
    public async Task Two_builds_at_once_give_the_same_module()
    {
        var modules = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => BuildAsync("normal"))));

        modules.Distinct().ShouldHaveSingleItem();
        Asked().ShouldBe(1);
    }

    private Task<LinuxModule> BuildAsync(string variant) => _toolchain.BuildAsync(Project.Load(_folder.ManifestFile), variant, _tree, CancellationToken.None);

    private int Asked() => File.ReadAllLines(_folder.PathOf(".tree/asked")).Length;
}
