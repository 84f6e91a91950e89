using KextDev.Platforms;
using KextDev.Platforms.Linux;

namespace KextDev.Tests.Platforms.Linux;

public sealed class LinuxLoadFactsTests
{
    private const string Open = "release=6.1.0\nuser=0\nmodules=yes\ncapabilities=000001ffffffffff\ndisabled=0\nenforce=N\nlockdown=[none] integrity confidentiality\n";

    [Fact]
    public void A_kernel_that_takes_any_module_is_as_it_should_be() =>
        LinuxLoadFacts.Parse(Open).Judge().ShouldAllBe(condition => condition.Effect == LoadEffect.None && condition.WayOut.Length == 0);

    [Theory]
    [InlineData("user=0", "user=1000", "user")]
    [InlineData("modules=yes", "modules=", "modules")]
    [InlineData("000001ffffffffff", "00000000a80425fb", "modules")]
    [InlineData("disabled=0", "disabled=1", "modules")]
    [InlineData("enforce=N", "enforce=Y", "module signatures")]
    [InlineData("[none] integrity", "none [integrity]", "lockdown")]
    public void What_prevents_a_load_is_named_with_its_way_out(string fact, string found, string subject)
    {
        var bad = LinuxLoadFacts.Parse(Open.Replace(fact, found, StringComparison.Ordinal)).Judge().Where(condition => condition.Effect != LoadEffect.None).ShouldHaveSingleItem();

        bad.Subject.ShouldBe(subject);
        bad.Effect.ShouldBe(LoadEffect.PreventsLoading);
        bad.WayOut.ShouldNotBeEmpty();
    }

    [Fact]
    public void A_kernel_without_signatures_and_lockdown_needs_neither()
    {
        var facts = LinuxLoadFacts.Parse("release=4.4\nuser=0\nmodules=yes\ndisabled=\nenforce=\nlockdown=\n");

        (facts.EnforcesSignatures, facts.Lockdown).ShouldBe((null, null));
        facts.Judge().ShouldAllBe(condition => condition.Effect == LoadEffect.None);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no such = \n=\nlockdown=[\nlockdown=[]")]
    public void An_answer_that_says_nothing_allows_nothing(string output) =>
        LinuxLoadFacts.Parse(output).Judge().ShouldContain(condition => condition.Effect == LoadEffect.PreventsLoading);
}
