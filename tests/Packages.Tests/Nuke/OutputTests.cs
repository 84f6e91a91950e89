namespace Packages.Tests.Nuke;

public sealed class OutputTests : IDisposable
{
    private readonly SampleProcess _build = new();

    public void Dispose() => _build.Dispose();

    [Fact]
    public async Task Opens_each_target_with_its_name_and_stamps_lines_with_time_and_level()
    {
        var result = await _build.RunAsync("Warns");
        result.Output.ShouldContain("║ Warns");
        result.Output.ShouldMatch(@"(?m)^\d\d:\d\d:\d\d \[DBG\] A detail$");
        result.Output.ShouldMatch(@"(?m)^\d\d:\d\d:\d\d \[WRN\] A warning$");
        result.Output.ShouldMatch(@"(?m)^\[WRN\] Warns: A warning$");
    }

    [Theory]
    [InlineData("Minimal", true)]
    [InlineData("quiet", false)]
    public async Task Shows_less_where_less_is_asked_for(string verbosity, bool showsWarning)
    {
        var result = await _build.RunAsync("Warns", "--verbosity", verbosity);
        result.Output.ShouldNotContain("A detail");
        result.Output.Contains(" [WRN] A warning", StringComparison.Ordinal).ShouldBe(showsWarning);
    }

    [Fact]
    public async Task Writes_the_whole_log_into_the_temporary_folder()
    {
        await _build.RunAsync("Warns", "--verbosity", "quiet");
        var log = await File.ReadAllTextAsync(Path.Combine(_build.Root, ".nuke", "temp", "build.log"));
        log.ShouldMatch(@"\| D \| Warns\s+\| A detail");
        log.ShouldMatch(@"\| W \| Warns\s+\| A warning");
    }

    [Fact]
    public async Task Folds_targets_and_annotates_problems_on_GitHub()
    {
        _build.Environment["GITHUB_ACTIONS"] = "true";
        var result = await _build.RunAsync("Warns");
        result.Output.ShouldContain("::group::Warns");
        result.Output.ShouldContain("::endgroup::");
        result.Output.ShouldMatch("(?m)^::warning.*::A warning");
    }

    [Fact]
    public async Task Explains_targets_in_the_help()
    {
        var result = await _build.RunAsync("--help");
        result.ExitCode.ShouldBe(0, result.Output);
        result.Output.ShouldMatch(@"(?m)^  Greet \(default\) +-> Prepare\n    Says hello$");
        result.Output.ShouldMatch("(?m)^  All +-> Greet, ComponentTarget$");
        result.Output.ShouldNotContain("Waits");
        result.Output.ShouldNotContain("Preparing");
    }

    [Fact]
    public async Task Explains_parameters_in_the_help_the_own_ones_first()
    {
        var help = (await _build.RunAsync("--help")).Output;
        help.ShouldMatch(@"(?m)^  --whom +Whom to greet\.$");
        help.ShouldMatch(@"(?m)^  --times +How often Greet greets\..*\n {20,}\S");
        help.ShouldNotContain("--hidden");
        help.IndexOf("--whom", StringComparison.Ordinal).ShouldBeLessThan(help.IndexOf("--verbosity", StringComparison.Ordinal));
    }
}
