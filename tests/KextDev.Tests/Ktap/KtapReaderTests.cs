using KextDev.Ktap;

namespace KextDev.Tests.Ktap;

public sealed class KtapReaderTests
{
    [Fact]
    public void Reads_a_whole_report()
    {
        var (events, result) = Read(
            "KTAP version 1",
            "1..4",
            "# running on 2 processors",
            "# progress 0/100",
            "ok 1 open",
            "# progress 40/100",
            "ok 2 - close",
            "# figure events/s 812345.5",
            "chatter of the program",
            "ok 3 mmap # SKIP no memory",
            "ok 4 read # twice");

        events.ShouldBe(
        [
            new KtapPlan(4),
            new KtapDiagnostic("running on 2 processors"),
            new KtapProgress(0, 100),
            new KtapCase(1, "open", Ok: true, Skipped: false, null),
            new KtapProgress(40, 100),
            new KtapCase(2, "close", Ok: true, Skipped: false, null),
            new KtapFigure("events/s", 812345.5),
            new KtapCase(3, "mmap", Ok: true, Skipped: true, "no memory"),
            new KtapCase(4, "read", Ok: true, Skipped: false, "twice"),
        ]);
        result.ShouldBe(new KtapResult(Passed: true, null, OkCases: 3, FailedCases: 0, SkippedCases: 1));
    }

    [Fact]
    public void Reads_the_plan_after_the_cases() => Read("ok 1 a", "ok 2 b", "1..2").Result.Passed.ShouldBeTrue();

    [Fact]
    public void Counts_a_group_of_subtests_once()
    {
        var (events, result) = Read(
            "KTAP version 1", "1..1", "    KTAP version 1", "    1..2", "    # Subtest: ring", "    ok 1 inner", "    not ok 2 other", "    # figure drops 12", "not ok 1 ring");

        events.OfType<KtapCase>().ShouldHaveSingleItem().Name.ShouldBe("ring");
        events.ShouldContain(new KtapFigure("drops", 12));
        result.FailedCases.ShouldBe(1);
    }

    [Theory]
    [InlineData("", "The program reported nothing: neither a plan nor a case.")]
    [InlineData("KTAP version 1|chatter", "The program reported nothing: neither a plan nor a case.")]
    [InlineData("1..2|ok 1 a", "1 of 2 planned cases are missing: the last one reported was 1 'a'.")]
    [InlineData("1..2", "2 of 2 planned cases are missing: none was reported.")]
    [InlineData("1..1|ok 1 a|ok 2 b", "The plan was 1 cases, and 2 were reported: the last one reported was 2 'b'.")]
    [InlineData("ok 1 a", "The program printed no plan (\"1..N\"), so nobody knows whether it finished: the last one reported was 1 'a'.")]
    [InlineData("1..2|not ok 1 a # lost 3 records|ok 2 b", "The case 'a' failed: lost 3 records")]
    [InlineData("1..3|not ok 1 a|not ok 2 b|not ok 3 c", "The case 'a' failed. (2 more failed.)")]
    [InlineData("1..2|ok 1 a|Bail out! no device", "The program gave up: no device")]
    [InlineData("1..2|ok 1 a|Bail out!", "The program gave up: it said no reason.")]
    [InlineData("1..2|ok 1 a|ok 1 a", "Case 1 'a' was reported where case 2 was due.")]
    [InlineData("1..1|1..1|ok 1 a", "The program printed a second plan, '1..1', after 1..1.")]
    [InlineData("1..0", "The program planned no case and gave no reason (\"1..0 # SKIP reason\").")]
    [InlineData("1..1|ok 99999999999 a", "The result 'ok 99999999999 a' is malformed: \"ok NUMBER name\" or \"not ok NUMBER name\" is expected.")]
    [InlineData("1..99999999999|ok 1 a", "The plan '1..99999999999' is malformed: \"1..N\" with N up to 100000 is expected.")]
    [InlineData("1..2000000000", "The plan '1..2000000000' is malformed: \"1..N\" with N up to 100000 is expected.")]
    [InlineData("1..-1", "The plan '1..-1' is malformed: \"1..N\" with N up to 100000 is expected.")]
    [InlineData("1..1|not ok 1 a # SKIP not a way out", "The case 'a' failed: SKIP not a way out")]
    public void Does_not_pass_what_is_not_complete_and_right(string lines, string failure)
    {
        var result = Read(lines.Split('|')).Result;

        result.Passed.ShouldBeFalse();
        result.Failure.ShouldBe(failure);
    }

    [Fact]
    public void Passes_a_program_that_says_why_it_has_no_case() => Read("1..0 # SKIP no such device").Result.Passed.ShouldBeTrue();

    [Theory]
    [InlineData("# figure events")]
    [InlineData("# figure events many")]
    [InlineData("# figure events NaN")]
    [InlineData("# figure events 1e999")]
    [InlineData("# progress 40")]
    [InlineData("# progress 99999999999999999999/99999999999999999999")]
    [InlineData("# progress 5/4")]
    [InlineData("# progress -1/4")]
    public void Tells_of_a_wrong_figure_and_lets_the_test_pass(string line)
    {
        var (events, result) = Read("1..1", line, "ok 1 a");

        events[1].ShouldBeOfType<KtapMalformed>().Line.ShouldBe(line);
        result.Passed.ShouldBeTrue();
    }

    [Theory]
    [InlineData("okay then")]
    [InlineData("ok, all is well")]
    [InlineData("not okay")]
    [InlineData("1.5 seconds")]
    [InlineData("")]
    public void Passes_over_what_is_no_ktap(string line) => Read(line).Events.ShouldBeEmpty();

    [Theory]
    [InlineData("ok 1", "")]
    [InlineData("ok 1 # SKIP", "")]
    [InlineData("ok   1   -   spaced name  ", "spaced name")]
    [InlineData("ok 1 c#sharp", "c#sharp")]
    [InlineData("ok 1 a\r", "a")]
    public void Reads_names_as_programs_write_them(string line, string name) =>
        Read(line).Events.ShouldHaveSingleItem().ShouldBeOfType<KtapCase>().Name.ShouldBe(name);

    [Fact]
    public void Bounds_what_a_hostile_program_makes_it_keep()
    {
        var reader = new KtapReader();
        reader.Feed("ok 1 " + new string('a', 5_000_000)).ShouldHaveSingleItem().ShouldBeOfType<KtapCase>().Name.Length.ShouldBeLessThan(2001);
        reader.Feed(new string('#', 5_000_000)).ShouldHaveSingleItem().ShouldBeOfType<KtapDiagnostic>().Text.Length.ShouldBeLessThan(2001);
        reader.Feed("ok 2 " + string.Concat(Enumerable.Repeat(" # ", 1_000_000))).ShouldHaveSingleItem();
        for (var number = 3; number <= 100_000; number++)
        {
            reader.Feed($"ok {number} a");
        }

        reader.Feed("ok 100001 a").ShouldHaveSingleItem().ShouldBeOfType<KtapMalformed>();
        reader.Complete().OkCases.ShouldBe(100_000);
    }

    private static (IReadOnlyList<KtapEvent> Events, KtapResult Result) Read(params string[] lines)
    {
        var reader = new KtapReader();
        var events = lines.SelectMany(reader.Feed).ToList();
        return (events, reader.Complete());
    }
}
