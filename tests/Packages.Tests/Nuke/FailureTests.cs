namespace Packages.Tests.Nuke;

public sealed class FailureTests : IDisposable
{
    private readonly SampleProcess _build = new();

    public void Dispose() => _build.Dispose();

    [Fact]
    public async Task Ends_with_255_and_runs_nothing_after_the_failure()
    {
        var result = await _build.RunAsync("Fails");
        result.ExitCode.ShouldBe(255, result.Output);
        result.StatusOf("Prepare").ShouldBe("Succeeded");
        result.StatusOf("Fails").ShouldBe("Failed");
        result.StatusOf("Triggered").ShouldBe("NotRun");
        result.Output.ShouldContain("Build failed on ");
    }

    [Fact]
    public async Task Shows_the_exception_where_it_happened_in_the_list_of_errors_and_in_the_table()
    {
        var result = await _build.RunAsync("Fails");
        result.Output.ShouldContain("as planned");
        result.Output.ShouldMatch(@"\[ERR\] Fails: .*exception");
        result.NoteOf("Fails").ShouldBe("Exception: It broke");
    }

    [Fact]
    public async Task Runs_targets_that_are_assured()
    {
        var result = await _build.RunAsync("Fails", "CleansUp");
        result.ExitCode.ShouldBe(255, result.Output);
        result.StatusOf("CleansUp").ShouldBe("Succeeded");
        result.Output.ShouldContain("Cleaned up");
    }

    [Fact]
    public async Task Goes_on_after_a_target_that_lets_others_proceed_and_still_ends_with_255()
    {
        var result = await _build.RunAsync("FailsSoftly", "Greet");
        result.ExitCode.ShouldBe(255, result.Output);
        result.StatusOf("FailsSoftly").ShouldBe("Failed");
        result.StatusOf("Greet").ShouldBe("Succeeded");
    }

    [Fact]
    public async Task Ends_with_the_exit_code_that_the_target_has_set()
    {
        var result = await _build.RunAsync("ExitsWithSeven");
        result.ExitCode.ShouldBe(7, result.Output);
        result.StatusOf("ExitsWithSeven").ShouldBe("Failed");
    }

    [Fact]
    public async Task Aborts_where_no_folder_above_is_marked_as_the_root()
    {
        Directory.Delete(Path.Combine(_build.Root, ".nuke"));
        var result = await _build.RunAsync();
        result.ExitCode.ShouldBe(134, result.Output);
        result.Output.ShouldContain(".nuke");
    }
}
