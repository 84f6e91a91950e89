namespace KextDev.BuildTests;

public sealed class CommandLineCheckTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("command-line-").FullName;
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal) { ["PATH"] = "/usr/bin" };

    public CommandLineCheckTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, ".nuke"));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData]
    [InlineData("KernelTest")]
    [InlineData("kernel-test", "KERNELTESTLOAD", "VmUp")]
    [InlineData("KernelTest+VmUp")]
    [InlineData("--target", "KernelTest", "VmUp")]
    [InlineData("KernelTest", "--skip")]
    [InlineData("KernelTest", "--skip", "vm-up")]
    [InlineData("KernelTest", "--keep-guest")]
    [InlineData("KernelTest", "--keep-guest", "FALSE")]
    [InlineData("KernelTest", "--keepguest", "--GUEST", "debian", "-times", "3")]
    [InlineData("KernelTest", "--sizes", "1", "2")]
    [InlineData("KernelTest", "--sizes", "1,2")]
    [InlineData("KernelTest", "--pause", "00:01:00", "--mode", "quick", "--place", "here/there", "--renamed", "x")]
    [InlineData("--help", "--no-logo", "--verbosity", "quiet", "--root")]
    public void Accepts_what_Nuke_understands(params string[] arguments) => Check(arguments).ShouldBeEmpty();

    [Theory]
    [InlineData("KernelTset", "KernelTest")]
    [InlineData("kernel-test-laod", "KernelTestLoad")]
    [InlineData("vmupp", "VmUp")]
    public void Names_the_closest_target(string typed, string meant) =>
        Check(typed).ShouldBe([$"There is no target '{typed}'. Did you mean {meant}? ./build.sh --help lists them all."]);

    [Theory]
    [InlineData("--geust", "--guest")]
    [InlineData("--keep-gest", "--keep-guest")]
    [InlineData("--verbosty", "--verbosity")]
    [InlineData("--orignal", null)]
    public void Names_the_closest_parameter(string typed, string? meant) =>
        Check("KernelTest", typed, "x").ShouldHaveSingleItem()
            .ShouldBe($"There is no parameter {typed}. {(meant is null ? "" : $"Did you mean {meant}? ")}./build.sh --help lists them all.");

    [Fact]
    public void Offers_nothing_where_nothing_is_near() =>
        Check("Photosynthesis").ShouldBe(["There is no target 'Photosynthesis'. ./build.sh --help lists them all."]);

    [Theory]
    [InlineData("--times takes a whole number, not 'often'.", "--times", "often")]
    [InlineData("--sizes takes a whole number, not '2x'.", "--sizes", "1,2x")]
    [InlineData("--keep-guest takes true or false, not '1'.", "--keep-guest", "1")]
    [InlineData("--pause takes a duration such as 00:10:00, not 'long'.", "--pause", "long")]
    [InlineData("--mode takes one of Quick, Full, not 'Qick'. Did you mean Quick?", "--mode", "Qick")]
    [InlineData("--mode takes one of Quick, Full, not '1'.", "--mode", "1")]
    public void Rejects_a_value_that_does_not_convert(string problem, params string[] arguments) => Check(arguments).ShouldBe([problem]);

    [Theory]
    [InlineData("--guest needs a value: a text.", "--guest")]
    [InlineData("--mode needs a value: one of Quick, Full.", "--mode")]
    [InlineData("--sizes needs a value: a whole number.", "--sizes", "--keep-guest")]
    [InlineData("--target needs at least one target.", "--target")]
    public void Rejects_a_parameter_without_the_value_that_it_needs(string problem, params string[] arguments) => Check(arguments).ShouldBe([problem]);

    [Fact]
    public void Rejects_two_values_for_one() =>
        Check("KernelTest", "--guest", "one", "two").ShouldBe(["--guest takes one value, and was given 2: one two."]);

    [Fact]
    public void Explains_that_targets_stand_before_parameters() =>
        Check("--keep-guest", "KernelTest").ShouldBe(["--keep-guest takes true or false, not 'KernelTest'. The target KernelTest must stand before the parameters."]);

    [Fact]
    public void Rejects_a_parameter_that_is_given_twice() =>
        Check("--times", "1", "--Times", "2").ShouldBe(["--times is given twice, and only one can count. Give it once."]);

    [Fact]
    public void Explains_a_value_behind_an_equals_sign() =>
        Check("--times=3").ShouldBe(["'--times=3' is not understood: the value is a word of its own. Write --times 3"]);

    [Fact]
    public void Tells_every_problem_at_once() => Check("KernelTset", "--geust", "x", "--times", "y").Count.ShouldBe(3);

    [Fact]
    public void Checks_the_values_in_the_environment()
    {
        _environment["NUKE_TIMES"] = "often";
        _environment["KEEP_GUEST"] = "1";
        Check("KernelTest").ShouldBe(
            [
                "NUKE_TIMES in the environment sets --times, which takes a whole number, not 'often'. Unset NUKE_TIMES, or give --times.",
                "KEEP_GUEST in the environment sets --keep-guest, which takes true or false, not '1'. Unset KEEP_GUEST, or give --keep-guest.",
            ],
            ignoreOrder: true);
    }

    [Fact]
    public void Leaves_the_environment_alone_where_the_command_line_has_the_value()
    {
        _environment["TIMES"] = "often";
        Check("KernelTest", "--times", "3").ShouldBeEmpty();
    }

    [Fact]
    public void Rejects_two_variables_for_one_parameter()
    {
        _environment["GUEST"] = "a";
        _environment["NUKE_GUEST"] = "b";
        Check("KernelTest").ShouldBe(["The environment sets --guest more than once: GUEST, NUKE_GUEST. Unset all but one."]);
    }

    [Fact]
    public void Checks_the_targets_in_the_environment_only_where_the_command_line_names_none()
    {
        _environment["TARGET"] = "KernelTset";
        Check("KernelTest").ShouldBeEmpty();
        Check().ShouldHaveSingleItem().ShouldContain("Did you mean KernelTest?");
    }

    [Fact]
    public void Checks_the_names_and_values_in_the_parameter_files()
    {
        Write("parameters.json", """{ "$schema": "./build.schema.json", "Tmies": 3, "Guest": "debian" }""");
        Write("parameters.mine.json", """{ "Times": "often", "Sizes": [1, 2] }""");
        Check("KernelTest", "--profile", "mine").ShouldBe(
        [
            ".nuke/parameters.json: There is no parameter --tmies. Did you mean --times? ./build.sh --help lists them all.",
            ".nuke/parameters.mine.json: --times takes a whole number, not 'often'.",
        ]);
    }

    [Fact]
    public void Finds_the_files_from_a_folder_below_the_root()
    {
        Write("parameters.json", """{ "Times": "often" }""");
        var below = Directory.CreateDirectory(Path.Combine(_root, "a", "b")).FullName;
        new CommandLineCheck(typeof(SampleTargets), _environment, below).Run([]).ShouldHaveSingleItem();
        new CommandLineCheck(typeof(SampleTargets), _environment, "/").Run(["--root", _root]).ShouldHaveSingleItem();
    }

    [Fact]
    public void Tells_the_line_where_a_parameter_file_is_no_JSON()
    {
        Write("parameters.json", "{\n  \"Times\": 3\n  \"Guest\": \"x\"\n}");
        Check("KernelTest").ShouldHaveSingleItem().ShouldStartWith(".nuke/parameters.json: Line 3 is no JSON.");
    }

    [Fact]
    public void Tells_that_a_profile_does_not_exist() =>
        Check("KernelTest", "--profile", "mine").ShouldHaveSingleItem().ShouldStartWith(".nuke/parameters.mine.json cannot be read.");

    private IReadOnlyList<string> Check(params string[] arguments) => new CommandLineCheck(typeof(SampleTargets), _environment, _root).Run(arguments);

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_root, ".nuke", file), text);
}
