namespace Packages.Tests.Nuke;

public sealed class ParameterTests : IDisposable
{
    private readonly SampleProcess _build = new();

    public void Dispose() => _build.Dispose();

    [Theory]
    [InlineData("Hello line", "--whom", "line")]
    [InlineData("Hello line", "-Whom", "line")]
    [InlineData("in red+blue", "--colours", "red", "blue")]
    [InlineData("in red+blue", "--colours", "red,blue")]
    [InlineData("in grey")]
    public async Task Takes_a_value_from_the_command_line(string shown, params string[] arguments)
    {
        var result = await _build.RunAsync(["Greet", .. arguments]);
        result.ExitCode.ShouldBe(0, result.Output);
        result.Output.ShouldContain(shown);
    }

    [Theory]
    [InlineData("WHOM")]
    [InlineData("NUKE_WHOM")]
    [InlineData("Nuke_Wh_Om")]
    public async Task Takes_a_value_from_the_environment_by_letters_and_digits(string variable)
    {
        _build.Environment[variable] = "environment";
        var result = await _build.RunAsync("Greet");
        result.Output.ShouldContain("Hello environment");
    }

    [Fact]
    public async Task Prefers_the_command_line_then_the_environment_then_the_profile_then_the_shared_file()
    {
        _build.Write(".nuke/parameters.json", """{ "Whom": "shared", "Times": 2 }""");
        (await _build.RunAsync("Greet")).Output.ShouldContain("Hello shared");

        _build.Write(".nuke/parameters.mine.json", """{ "Whom": "profile", "Colours": ["red", "blue"] }""");
        var profile = await _build.RunAsync("Greet", "--profile", "mine");
        profile.Output.ShouldContain("Hello profile in red+blue");
        profile.Output.Split("Hello ").Length.ShouldBe(3, "the shared file's Times still counts");

        _build.Environment["WHOM"] = "environment";
        (await _build.RunAsync("Greet", "--profile", "mine")).Output.ShouldContain("Hello environment");
        (await _build.RunAsync("Greet", "--profile", "mine", "--whom", "line")).Output.ShouldContain("Hello line");
    }

    [Fact]
    public async Task Converts_numbers_enumerations_and_paths()
    {
        var result = await _build.RunAsync("ComponentTarget", "--count", "5", "--shape", "square", "--place", "here/../there");
        result.ExitCode.ShouldBe(0, result.Output);
        result.Output.ShouldMatch($"5 Square .*{Path.GetFileName(_build.Root)}/there");
    }

    [Theory]
    [InlineData("--brave")]
    [InlineData("--brave", "true")]
    public async Task Takes_a_flag_with_or_without_its_value(params string[] arguments)
    {
        var result = await _build.RunAsync(["Careful", .. arguments]);
        result.StatusOf("Careful").ShouldBe("Succeeded");
    }

    [Fact]
    public async Task Only_warns_of_a_value_that_does_not_convert_and_takes_the_default()
    {
        var result = await _build.RunAsync("Greet", "--times", "often");
        result.ExitCode.ShouldBe(0, result.Output);
        result.Output.ShouldContain("[WRN]");
        result.Output.ShouldContain("times");
        result.Output.ShouldContain("Hello you");
    }

    [Fact]
    public async Task Ignores_a_parameter_that_does_not_exist()
    {
        var result = await _build.RunAsync("Greet", "--whon", "nobody");
        result.ExitCode.ShouldBe(0, result.Output);
        result.Output.ShouldContain("Hello you");
    }

    [Fact]
    public async Task Takes_another_root()
    {
        var other = Path.Combine(_build.Root, "other");
        Directory.CreateDirectory(other);
        var result = await _build.RunAsync("ShowsPlaces", "--root", other);
        result.Output.ShouldMatch($"{Path.GetFileName(_build.Root)}/other temp");
    }
}
