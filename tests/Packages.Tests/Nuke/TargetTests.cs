namespace Packages.Tests.Nuke;

public sealed class TargetTests : IDisposable
{
    private readonly SampleProcess _build = new();

    public void Dispose() => _build.Dispose();

    [Fact]
    public async Task Runs_the_default_target_after_its_dependencies()
    {
        var result = await _build.RunAsync();
        result.ExitCode.ShouldBe(0, result.Output);
        result.Order.ShouldBe(["Prepare", "Greet"]);
        result.Table.ShouldAllBe(row => row.Status == "Succeeded");
        result.Output.ShouldContain("Build succeeded on ");
    }

    [Theory]
    [InlineData("shows-places", "warns")]
    [InlineData("SHOWSPLACES", "Warns")]
    [InlineData("ShowsPlaces+Warns")]
    [InlineData("--target", "shows-places", "warns")]
    public async Task Finds_targets_by_names_without_regard_to_case_and_dashes(params string[] arguments)
    {
        var result = await _build.RunAsync(arguments);
        result.ExitCode.ShouldBe(0, result.Output);
        result.Order.ShouldBe(["ShowsPlaces", "Warns"], ignoreOrder: true);
    }

    [Fact]
    public async Task Runs_the_targets_of_component_interfaces_and_leaves_out_those_without_a_body()
    {
        var result = await _build.RunAsync("All");
        result.ExitCode.ShouldBe(0, result.Output);
        result.Order.ShouldBe(["ComponentTarget", "Prepare", "Greet"], ignoreOrder: true);
    }

    [Fact]
    public async Task Orders_targets_by_before_and_after_without_invoking_any()
    {
        var result = await _build.RunAsync("Late", "Greet", "FailsSoftly", "--brave");
        result.Order.Where(name => name != "Prepare").ShouldBe(["FailsSoftly", "Greet", "Late"]);
    }

    [Fact]
    public async Task Skips_a_target_whose_condition_is_false_and_shows_the_condition()
    {
        var result = await _build.RunAsync("Careful", "Late");
        result.ExitCode.ShouldBe(0, result.Output);
        result.StatusOf("Careful").ShouldBe("Skipped");
        result.StatusOf("Late").ShouldBe("Skipped");
        result.NoteOf("Careful").ShouldBe("OnlyWhen: Brave");
        result.NoteOf("Late").ShouldBe("OnlyWhen: Brave");
        result.Output.ShouldNotContain("Being");
    }

    [Fact]
    public async Task Runs_a_target_whose_condition_is_true()
    {
        var result = await _build.RunAsync("Careful", "Late", "--brave");
        result.StatusOf("Careful").ShouldBe("Succeeded");
        result.StatusOf("Late").ShouldBe("Succeeded");
    }

    [Fact]
    public async Task Knows_dependencies_and_triggers_from_either_side()
    {
        var result = await _build.RunAsync("Second", "--brave");
        result.ExitCode.ShouldBe(0, result.Output);
        result.Order.Where(name => name != "ComponentTarget").ShouldBe(["First", "Second", "FollowsSecond"]);
        result.Order.ShouldContain("ComponentTarget", "the build implements the component, so the dependency counts");
        result.Order.ShouldNotContain("Fails", "the build does not implement the interface");
    }

    [Fact]
    public async Task Runs_the_dependencies_of_a_skipped_target_where_it_says_so()
    {
        var result = await _build.RunAsync("Second");
        result.StatusOf("Second").ShouldBe("Skipped");
        result.StatusOf("First").ShouldBe("Succeeded");
    }

    [Fact]
    public async Task Skips_the_dependencies_of_a_skipped_target_that_nothing_else_needs()
    {
        var result = await _build.RunAsync("NeedsCareful");
        result.StatusOf("Careful").ShouldBe("Skipped");
        result.StatusOf("Prepare").ShouldBe("Skipped");
        result.StatusOf("NeedsCareful").ShouldBe("Succeeded");
    }

    [Fact]
    public async Task Skips_the_targets_that_the_user_names()
    {
        var result = await _build.RunAsync("Greet", "--skip", "Prepare");
        result.StatusOf("Prepare").ShouldBe("Skipped");
        result.NoteOf("Prepare").ShouldBe("Skipped: via parameter");
        result.StatusOf("Greet").ShouldBe("Succeeded");
    }

    [Fact]
    public async Task Skips_all_dependencies_where_none_is_named()
    {
        var result = await _build.RunAsync("All", "Greet", "--skip");
        result.StatusOf("Prepare").ShouldBe("Skipped");
        result.StatusOf("ComponentTarget").ShouldBe("Skipped");
        result.StatusOf("Greet").ShouldBe("Succeeded");
    }

    [Fact]
    public async Task Fails_before_anything_runs_where_a_required_parameter_has_no_value()
    {
        var result = await _build.RunAsync("NeedsHidden", "Greet");
        result.ExitCode.ShouldBe(255, result.Output);
        result.Output.ShouldContain("'NeedsHidden' requires");
        result.Output.ShouldContain("Hidden");
        result.Table.ShouldAllBe(row => row.Status == "NotRun");
    }

    [Fact]
    public async Task Runs_where_the_required_parameter_is_given()
    {
        var result = await _build.RunAsync("NeedsHidden", "--hidden", "treasure");
        result.ExitCode.ShouldBe(0, result.Output);
        result.Output.ShouldContain("Got it");
    }

    [Fact]
    public async Task Rejects_an_unknown_target_and_lists_those_that_exist()
    {
        var result = await _build.RunAsync("Nonsense");
        result.ExitCode.ShouldBe(255, result.Output);
        result.Output.ShouldContain("Nonsense");
        result.Output.ShouldContain("- Greet");
    }
}
