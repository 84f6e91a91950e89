namespace Packages.Tests.Nuke;

public sealed class InterruptionTests : IDisposable
{
    private readonly SampleProcess _build = new();

    public void Dispose() => _build.Dispose();

    [Fact]
    public async Task Ctrl_C_aborts_the_target_runs_assured_ones_prints_the_table_and_ends_by_the_signal()
    {
        var result = await _build.InterruptAsync("INT", "Waits", "Greet", "CleansUp");
        result.ExitCode.ShouldBe(130, result.Output);
        result.StatusOf("Waits").ShouldBe("Aborted");
        result.StatusOf("Greet").ShouldBe("NotRun");
        result.StatusOf("CleansUp").ShouldBe("Succeeded");
    }

    [Fact]
    public async Task Ctrl_C_leaves_a_target_that_listens_the_time_to_clean_up_by_itself()
    {
        var result = await _build.InterruptAsync("INT", "CleansUpByItself");
        result.ExitCode.ShouldBeOneOf(130, 255);
        result.Output.ShouldContain("Cleaned up by itself");
    }

    [Fact]
    public async Task A_termination_ends_the_process_without_a_table()
    {
        var result = await _build.InterruptAsync("TERM", "Waits");
        result.ExitCode.ShouldBe(143, result.Output);
        result.Output.ShouldNotContain("Aborted");
    }
}
