namespace KextDev.BuildTests;

public sealed class BuildScriptTests : IDisposable
{
    private readonly ScriptCheckout _checkout = new();

    public void Dispose() => _checkout.Dispose();

    [Fact]
    public async Task Asks_the_registry_builds_and_runs_with_the_arguments()
    {
        var result = await _checkout.RunAsync("KernelTest", "--guest", "two words", "");
        result.ExitCode.ShouldBe(0, result.Errors);
        result.Output.ShouldBe(["program", "<KernelTest>", "<--guest>", "<two words>", "<>"]);
        _checkout.Calls.ShouldBe(["restore", "build"]);
    }

    [Fact]
    public async Task Neither_asks_nor_builds_again_where_nothing_changed()
    {
        await _checkout.RunAsync();
        var result = await _checkout.RunAsync();
        result.Output.ShouldBe(["program"]);
        result.Errors.ShouldBeEmpty();
        _checkout.Calls.ShouldBe(["restore", "build"]);
    }

    [Theory]
    [InlineData("build/Build.cs")]
    [InlineData("tools/KextDev/New.cs")]
    [InlineData("tools/NewFolder/New.json")]
    [InlineData("Directory.Build.props")]
    [InlineData(".editorconfig")]
    public async Task Builds_again_after_a_file_was_changed_or_added(string file)
    {
        await _checkout.RunAsync();
        _checkout.Write(file, "changed");
        await _checkout.RunAsync();
        await _checkout.RunAsync();
        _checkout.Calls.ShouldBe(["restore", "build", "build"]);
    }

    [Fact]
    public async Task Builds_again_after_a_file_was_deleted()
    {
        await _checkout.RunAsync();
        _checkout.Delete("build/Build.cs");
        await _checkout.RunAsync();
        _checkout.Calls.ShouldBe(["restore", "build", "build"]);
    }

    [Theory]
    [InlineData("tools/KextDev/README.md")]
    [InlineData("tests/Some.cs")]
    [InlineData("build/obj/project.assets.json")]
    public async Task Does_not_build_again_for_what_the_program_is_not_made_of(string file)
    {
        await _checkout.RunAsync();
        _checkout.Write(file, "changed");
        await _checkout.RunAsync();
        _checkout.Calls.ShouldBe(["restore", "build"]);
    }

    [Fact]
    public async Task Shows_the_compilers_messages_and_runs_nothing_where_the_build_fails()
    {
        await _checkout.RunAsync();
        _checkout.Write("build/Build.cs", "class");
        _checkout.Tell("breaks");
        var result = await _checkout.RunAsync("KernelTest");
        result.ExitCode.ShouldNotBe(0);
        result.Output.ShouldBeEmpty();
        result.Errors.ShouldContain("Build.cs(1,2): error CS1002: ; expected");

        _checkout.Untell("breaks");
        (await _checkout.RunAsync("KernelTest")).Output.ShouldBe(["program", "<KernelTest>"]);
    }

    [Fact]
    public async Task Runs_the_program_that_was_compiled_ahead_of_time()
    {
        _checkout.Tell("ahead");
        (await _checkout.RunAsync()).Output.ShouldBe(["ahead"]);
    }

    [Fact]
    public async Task Runs_what_is_built_where_no_compiler_ahead_of_time_is_to_be_had()
    {
        _checkout.Tell("ahead");
        await _checkout.RunAsync();
        _checkout.Write("build/Build.cs", "changed");
        _checkout.Untell("ahead");
        _checkout.Tell("no-ahead");

        (await _checkout.RunAsync()).Output.ShouldBe(["program"]);
        _checkout.Calls.ShouldBe(["restore", "build", "build", "build"]);
    }

    [Fact]
    public async Task Builds_again_after_a_build_that_was_interrupted()
    {
        _checkout.Tell("waits");
        using var interrupted = _checkout.Start(Path.Combine(_checkout.Root, "build.sh"), _checkout.Root);
        await ScriptCheckout.UntilAsync(() => _checkout.IsBuilding);
        interrupted.Kill();
        await interrupted.EndAsync();
        _checkout.Untell("waits");
        Directory.Delete(Path.Combine(_checkout.Outside, "told", "building"));

        (await _checkout.RunAsync()).Output.ShouldBe(["program"]);
        _checkout.Calls.ShouldBe(["restore", "build", "build"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_second_call_waits_for_the_build_of_the_first(bool hasFlock)
    {
        using var checkout = new ScriptCheckout(hasFlock);
        checkout.Tell("waits");
        var script = Path.Combine(checkout.Root, "build.sh");
        using var first = checkout.Start(script, checkout.Root, "First");
        await ScriptCheckout.UntilAsync(() => checkout.IsBuilding);
        using var second = checkout.Start(script, checkout.Root, "Second");
        await ScriptCheckout.UntilAsync(() => second.Errors.Any(line => line.Contains("waiting for another", StringComparison.Ordinal)));
        checkout.Untell("waits");

        (await first.EndAsync()).Output.ShouldBe(["program", "<First>"]);
        (await second.EndAsync()).Output.ShouldBe(["program", "<Second>"]);
        checkout.Calls.ShouldBe(["restore", "build"]);
    }

    [Fact]
    public async Task Without_flock_a_dead_owners_lock_is_taken_over()
    {
        using var checkout = new ScriptCheckout(hasFlock: false);
        checkout.Tell("waits");
        using var killed = checkout.Start(Path.Combine(checkout.Root, "build.sh"), checkout.Root);
        await ScriptCheckout.UntilAsync(() => checkout.IsBuilding);
        killed.Kill();
        await killed.EndAsync();
        checkout.Untell("waits");
        Directory.Delete(Path.Combine(checkout.Outside, "told", "building"));
        (await checkout.RunAsync()).Output.ShouldBe(["program"]);
    }

    [Theory]
    [InlineData("KernelTest --guest=debian", "<KernelTest>", "<--guest>", "<debian>")]
    [InlineData("KernelTest --tests=a=b", "<KernelTest>", "<--tests>", "<a=b>")]
    [InlineData("run-kernel-benchmark", "<KernelBenchmark>")]
    [InlineData("--guest run-kernel-benchmark", "<--guest>", "<run-kernel-benchmark>")]
    [InlineData("KernelTest --plan soak", "<KernelTest>", "<--test-plan>", "<soak>")]
    [InlineData("KernelTest --plan=soak", "<KernelTest>", "<--test-plan>", "<soak>")]
    [InlineData("KernelTest --plan --no-logo", "<KernelTest>", "<--plan>", "<--no-logo>")]
    [InlineData("KernelTest --plan", "<KernelTest>", "<--plan>")]
    [InlineData("-h", "<--help>")]
    [InlineData("KernelTest --stand-ins", "<KernelTest>")]
    [InlineData("KernelTest --published-packages --guest x", "<KernelTest>", "<--guest>", "<x>")]
    public async Task Hands_arguments_on_in_the_words_that_Nuke_understands(string typed, params string[] understood)
    {
        var result = await _checkout.RunAsync(typed.Split(' '));
        result.Output.Skip(1).ShouldBe(understood, result.Errors);
    }

    [Fact]
    public async Task Names_the_root_where_it_is_called_from_elsewhere_and_through_a_link()
    {
        var link = Path.Combine(_checkout.Outside, "link");
        File.CreateSymbolicLink(link, "root/build.sh");
        using var running = _checkout.Start(link, _checkout.Outside, "VmStatus");
        var result = await running.EndAsync();
        result.Output.ShouldBe(["program", "<VmStatus>", "<--root>", $"<{_checkout.Root}>"], result.Errors);
    }

    [Fact]
    public async Task Takes_the_published_packages_where_they_restore()
    {
        _checkout.Tell("registry");
        (await _checkout.RunAsync()).Errors.ShouldContain("packages: published");
        (await File.ReadAllTextAsync(Path.Combine(_checkout.Root, ".nuke", "temp", "packages"))).ShouldBe("published\n");
    }

    [Fact]
    public async Task Builds_again_where_the_user_wants_the_other_packages_and_does_not_ask_then()
    {
        (await _checkout.RunAsync()).Errors.ShouldContain("packages: stand-ins");
        (await _checkout.RunAsync("--published-packages")).Errors.ShouldContain("packages: published");
        await _checkout.RunAsync("--published-packages");
        _checkout.Calls.ShouldBe(["restore", "build", "build"]);
    }

    [Fact]
    public async Task Says_how_to_get_an_SDK_where_none_fits()
    {
        _checkout.Tell("no-sdk");
        var result = await _checkout.RunAsync("KernelTest");
        result.ExitCode.ShouldNotBe(0);
        result.Output.ShouldBeEmpty();
        result.Errors.ShouldContain("no .NET SDK fits global.json, which asks for 10.0.100");
        result.Errors.ShouldContain("dotnet-install.sh");
        _checkout.Calls.ShouldBeEmpty();
    }
}
