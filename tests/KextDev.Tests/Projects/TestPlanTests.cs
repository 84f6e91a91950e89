using KextDev.Projects;

namespace KextDev.Tests.Projects;

public sealed class TestPlanTests : IDisposable
{
    private readonly ProjectFolder _folder = new();
    private readonly Project _project;

    public TestPlanTests() => _project = Project.Load(_folder.ManifestFile);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Gives_each_test_of_a_plan_its_arguments_in_the_manifests_order()
    {
        var tests = TestPlan.Select(_project, "quick", [], null);

        tests.Select(test => test.Name).ShouldBe(["ring_stress", "lifecycle"]);
        tests[0].Arguments.ShouldBe(["-v", "-n", "1"]);
        tests[0].Variant.ShouldBe("test");
        tests[0].Program.ShouldBe("ring_stress");
        tests[0].TimeLimit.ShouldBe(TimeSpan.FromSeconds(120));
        tests[1].Extension.ShouldBe(ExtensionState.Unloaded);
    }

    [Fact]
    public void Leaves_out_a_test_that_declares_other_plans_only() =>
        TestPlan.Select(_project, "full", [], null).Select(test => test.Name).ShouldBe(["lifecycle", "ring_full"]);

    [Fact]
    public void Puts_a_soaks_length_into_the_arguments_and_adds_it_to_the_time_limit()
    {
        var tests = TestPlan.Select(_project, "soak", [], TimeSpan.FromHours(2));

        tests[0].Arguments.ShouldBe(["-v", "-s", "7200"]);
        tests[0].TimeLimit.ShouldBe(TimeSpan.FromSeconds(7320));
        tests[1].TimeLimit.ShouldBe(TimeSpan.FromSeconds(30), "it does not last as long as the soak");
    }

    [Theory]
    [InlineData("lifecycle", "lifecycle")]
    [InlineData("ring*", "ring_stress")]
    [InlineData("*e*", "ring_stress lifecycle")]
    [InlineData("lifecycl?", "lifecycle")]
    [InlineData("lifecycle ring_stress", "ring_stress lifecycle")]
    public void Selects_by_names_and_globs(string patterns, string expected) =>
        TestPlan.Select(_project, "quick", patterns.Split(' '), null).Select(test => test.Name).ShouldBe(expected.Split(' '));

    [Theory]
    [InlineData("lifecycle,ring_stress")]
    [InlineData("lifecycle, ring_*")]
    [InlineData("lifecycle ring_stress")]
    public void Takes_several_in_one_word(string pattern) =>
        TestPlan.Select(_project, "quick", [pattern], null).Select(test => test.Name).ShouldBe(["ring_stress", "lifecycle"]);

    [Theory]
    [InlineData("quick", "lifecycel", "No test is called 'lifecycel'. Tests of sample: ring_stress, lifecycle, ring_full. Did you mean 'lifecycle'?")]
    [InlineData("quick", "x*", "No test is called 'x*'.")]
    [InlineData("quick", "LIFECYCLE", "No test is called 'LIFECYCLE'.")]
    [InlineData("quick", "ring_full", "No test of the plan 'quick' is called 'ring_full'")]
    [InlineData("quik", "lifecycle", "There is no plan 'quik'. Plans: quick, full, soak. Did you mean 'quick'?")]
    [InlineData("soak", "lifecycle", "The soak plan does not know when to end.")]
    public void Says_what_cannot_be_selected(string plan, string pattern, string problem) =>
        Should.Throw<InfrastructureException>(() => TestPlan.Select(_project, plan, ["lifecycle", pattern], null)).Message.ShouldStartWith(problem);

    [Fact]
    public void Refuses_a_duration_where_it_would_mean_nothing() =>
        Should.Throw<InfrastructureException>(() => TestPlan.Select(_project, "quick", [], TimeSpan.FromSeconds(5))).Message.ShouldContain("--plan soak");

    [Fact]
    public void Refuses_a_plan_without_tests() =>
        Should.Throw<InfrastructureException>(() => TestPlan.Select(_project with { Tests = [] }, "quick", [], null)).Message.ShouldContain("has no test");
}
