using System.Security.Cryptography;
using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using KextDev.Events;
using KextDev.Reports;

namespace KextDev.Tests.Reports;

/// <summary>Pages of runs, as a browser reads them.</summary>
public sealed class HtmlReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string PageFile => _folder.Combine("report.html");

    [Fact]
    public async Task A_page_begins_with_the_verdict_and_what_to_do()
    {
        var page = await ReadAsync(Run(Ring, Panicked));

        page.DocumentElement.OuterHtml.ShouldStartWith("<html lang=\"en\">");
        page.Doctype.Name.ShouldBe("html");
        page.Title.ShouldBe("panicked: sample on embedded and embedded-darwin, plan quick");
        Text(page, "h1").ShouldBe("panicked 1 of 4 passed in 15.00 s");
        Text(page, ".advice").ShouldStartWith("The extension killed its kernel.");
        var wrong = page.QuerySelectorAll(".wrong li").Select(Text).ToList();
        wrong.ShouldBe(["panicked lifecycle on embedded BUG: NULL pointer dereference in sample_set [sample]", "infrastructure embedded-darwin The machine is gone."]);
        page.QuerySelectorAll(".wrong a").ShouldAllBe(link => page.GetElementById(link.GetAttribute("href")!.Substring(1)) != null);
        page.QuerySelectorAll("header .command").Select(Text).ShouldBe(["./build.sh KernelTest"]);
    }

    [Fact]
    public async Task Each_guest_has_its_system_its_stages_and_a_row_for_each_test()
    {
        var page = await ReadAsync(Run(Ring, Panicked));

        var guest = page.QuerySelector("main section")!;
        Text(guest.QuerySelector("h2")!).ShouldBe("embedded panicked Linux 6.1.0 x86_64, 10.00 s");
        guest.QuerySelectorAll("svg.stages rect").Length.ShouldBe(3);
        guest.QuerySelectorAll("svg.stages rect").Select(part => double.Parse(part.GetAttribute("width")!)).Sum().ShouldBe(1000, 0.1);
        guest.QuerySelectorAll("ul.stages li").Select(Text).ShouldBe(["build 2.00 s", "acquire guest 3.00 s \u00D72"]);
        guest.QuerySelectorAll("tbody tr").Select(row => string.Join(" | ", row.Children.Select(Text))).ShouldBe(
        [
            "passed | ring_stress | 3.25 s | events 200,000skipped datagrams: a pipe has none2 warnings and errors logged",
            "panicked | lifecycle | 1.00 s | 1 warning or error logged",
            "not run | not_root |  | ",
        ]);
        Text(guest.QuerySelector("p.left")!).ShouldBe("One test was not run: the run ended before their turn.");
        Text(guest.QuerySelector("p.log")!).ShouldBe("log: 1,234 messages, 17 dropped: embedded/logs/kextlog.jsonl");
        Text(page.QuerySelectorAll("main section")[1].QuerySelector("p.left")!).ShouldBe("One test was not run: see above.");
    }

    [Fact]
    public async Task What_did_not_pass_has_its_crash_its_processors_its_logs_and_its_command()
    {
        _folder.Write("crash/embedded-1-processors.log", "processor 0: RIP in sample_set+0x7");
        var page = await ReadAsync(Run(Ring, Panicked));

        var trouble = page.QuerySelector("article.bad")!;
        Text(trouble.QuerySelector(".crash .title")!).ShouldBe("The kernel died: BUG: NULL pointer dereference in sample_set [sample]");
        Text(trouble.QuerySelector(".crash .culprit")!).ShouldBe("Culprit: sample_set of sample");
        Text(trouble.QuerySelector(".crash .places")!).ShouldBe("at sample_set (/linux/sample.c:15), sample.ko");
        trouble.QuerySelectorAll(".crash details pre .place").Length.ShouldBe(1);
        trouble.QuerySelector(".message").ShouldBeNull();
        var folds = trouble.QuerySelectorAll("details").ToDictionary(fold => Text(fold.QuerySelector("summary")!), fold => fold.QuerySelector("pre")!.TextContent);
        folds["What each processor was doing: crash/embedded-1-processors.log"].ShouldBe("processor 0: RIP in sample_set+0x7");
        folds["Warnings and errors that the extension logged: 1 line"].ShouldBe("warning: low on room\n");
        folds["The kernel's console meanwhile: 1 line"].ShouldBe("[   12.0] Oops\n");
        folds["What it printed last: 1 line"].ShouldBe("# about to set\n");
        Text(trouble.QuerySelector(".again .command")!).ShouldBe("./build.sh KernelTest --platform linux --tests lifecycle");
    }

    [Fact]
    public async Task A_flaky_test_shows_each_try_and_what_the_failed_one_said()
    {
        var failed = new TestResult("luck (2)", Verdict.Failed, TimeSpan.FromSeconds(1)) { Failure = "two and two make five", LastOutput = ["not ok 1 arithmetic"], KernelLog = ["[  1.0] noise"] };
        var passed = new TestResult("luck (2)", Verdict.Passed, TimeSpan.FromSeconds(2));
        var flaky = failed with { Verdict = Verdict.Flaky, Attempts = [Try(failed), Try(passed)] };
        var page = await ReadAsync(
        [
            new RunStarted("sample", "quick", [new PlannedSuite("embedded", ["luck (2)"]) { Command = "./build.sh KernelTest" }], _folder.Path),
            new SuiteStarted("embedded"), new TestStarted("luck (2)", TimeSpan.FromSeconds(9)), new ConsolePrinted("first try"), new TestEnded(failed),
            new TestStarted("luck (2)", TimeSpan.FromSeconds(9)), new ConsolePrinted("second try"), new TestEnded(passed),
            .. End(new SuiteResult("embedded", Verdict.Flaky, [flaky], TimeSpan.FromSeconds(4))),
        ]);

        var trouble = page.QuerySelector("article.odd")!;
        trouble.QuerySelectorAll(".try h4").Select(Text).ShouldBe(["Try 1 failed 1.00 s", "Try 2 passed 2.00 s"]);
        trouble.QuerySelectorAll(".message").Select(Text).ShouldBe(["two and two make five"]);
        trouble.TextContent.ShouldContain("first try");
        trouble.TextContent.ShouldNotContain("second try");
        trouble.TextContent.ShouldContain("[  1.0] noise");
        Text(page.QuerySelector(".tests .mark")!).ShouldBe("flaky: failed, passed");
        Text(trouble.QuerySelector(".again .command")!).ShouldBe("./build.sh KernelTest --tests luck");
    }

    [Fact]
    public async Task What_does_not_compile_shows_the_compilers_lines_and_a_leak_its_figures()
    {
        _folder.Write("embedded/logs/leaks.txt", "slab memory (KiB) 8,436");
        var page = await ReadAsync(
        [
            new RunStarted("sample", "quick", [new PlannedSuite("embedded", ["a"]), new PlannedSuite("mac", ["a"])], _folder.Path),
            new SuiteStarted("embedded"), new StageStarted(Stage.Leaks), new StageEnded(Stage.Leaks, TimeSpan.FromSeconds(3), "it leaks"),
            new SuiteEnded(new SuiteResult("embedded", Verdict.Failed, [], TimeSpan.FromSeconds(4)) { Failure = $"it leaks 1,025 KiB a cycle\nAll figures: {_folder.Path}/embedded/logs/leaks.txt" }),
            new SuiteStarted("mac"), new StageStarted(Stage.Build), new CompilerPrinted("a.c:1: error: no such thing"), new StageEnded(Stage.Build, TimeSpan.FromSeconds(1), "a.c does not compile"),
            .. End(new SuiteResult("mac", Verdict.Failed, [], TimeSpan.FromSeconds(4)) { Failure = "a.c does not compile" }),
        ]);

        var leak = page.QuerySelector("#guest-1")!;
        Text(leak.QuerySelector("h3")!).ShouldBe("leaks");
        page.QuerySelectorAll(".wrong a").Select(Text).ShouldBe(["leaks on embedded", "build on mac"]);
        leak.QuerySelector(".message a")!.GetAttribute("href").ShouldBe("embedded/logs/leaks.txt");
        Text(leak.QuerySelector(".message")!).ShouldBe("it leaks 1,025 KiB a cycle All figures: embedded/logs/leaks.txt");
        leak.QuerySelectorAll("details pre").ShouldContain(text => text.TextContent == "slab memory (KiB) 8,436");
        Text(leak.QuerySelector("ul.stages li")!).ShouldBe("leaks 3.00 sfailed");
        page.QuerySelector("#guest-2 details[open] pre")!.TextContent.ShouldBe("a.c:1: error: no such thing\n");
    }

    [Fact]
    public async Task A_run_that_was_cancelled_or_broke_off_says_so_and_shows_what_there_was()
    {
        var planned = new RunStarted("sample", "quick", [new PlannedSuite("embedded", ["a", "b"]), new PlannedSuite("mac", ["a"])], _folder.Path);
        var passed = new TestResult("a", Verdict.Passed, TimeSpan.FromSeconds(1));
        RunEvent[] until =
        [
            planned, new SuiteStarted("embedded"), new TestStarted("a", TimeSpan.FromSeconds(9)), new TestEnded(passed), new TestStarted("b", TimeSpan.FromSeconds(9)), new ConsolePrinted("last words"),
        ];
        var suite = new SuiteResult("embedded", Verdict.Passed, [passed], TimeSpan.FromSeconds(4));

        var cancelled = await ReadAsync([.. until, new StageEnded(Stage.Stress, TimeSpan.FromSeconds(3), StageEnded.Cancelled), new SuiteEnded(suite), new RunEnded(new RunResult(Verdict.Passed, [suite], TimeSpan.FromSeconds(5)) { Cancelled = true })]);
        cancelled.QuerySelectorAll("ul.stages li").Select(Text).ShouldBe(["stress 3.00 scancelled"]);
        cancelled.QuerySelectorAll("article h3").Select(Text).ShouldBe(["unfinished b"]);
        Text(cancelled, "h1").ShouldBe("cancelled 1 of 3 passed in 5.00 s");
        cancelled.QuerySelectorAll("h2").Select(Text).Take(2).ShouldBe(["embedded cancelled 4.00 s", "mac cancelled"]);
        cancelled.QuerySelectorAll("p.left").Select(Text).ShouldBe(["One test was not run: the run was cancelled."]);

        var broken = await ReadAsync(until);
        Text(broken, "h1").ShouldBe("unfinished 1 of 3 passed");
        broken.QuerySelectorAll("h2").Select(Text).Take(2).ShouldBe(["embedded unfinished", "mac not run"]);
        broken.QuerySelectorAll("#guest-1 tbody .mark").Select(Text).ShouldBe(["passed", "unfinished"]);
        broken.QuerySelector("#guest-1 article")!.TextContent.ShouldContain("last words");
    }

    [Fact]
    public async Task A_page_stands_alone_and_its_policy_allows_its_own_style_and_nothing_else()
    {
        var page = await ReadAsync(Run(Ring, Panicked));

        var style = page.QuerySelector("style")!.TextContent;
        page.QuerySelector("meta[http-equiv]")!.GetAttribute("content").ShouldBe(
            $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)))}'; base-uri 'none'; form-action 'none'");
        style.ShouldNotContain("url(");
        style.ShouldNotContain("@import");
        page.QuerySelectorAll("script, link, img, iframe, [style], [src]").ShouldBeEmpty();
    }

    [Fact]
    public async Task All_files_of_the_folder_are_linked_but_what_lies_elsewhere()
    {
        _folder.Write("embedded/console.log", "x");
        _folder.Write("junit.xml", new string('x', 1536));
        File.CreateSymbolicLink(_folder.Combine("elsewhere"), "/etc/hostname");
        var page = await ReadAsync(Run(Ring, Panicked));

        page.QuerySelectorAll(".files li").Select(Text).ShouldBe(["junit.xml 1.5 KiB", "embedded/console.log 1 bytes"]);
    }

    [Fact]
    public async Task Of_many_tests_those_that_did_not_pass_are_shown()
    {
        var results = Enumerable.Range(1, 3000).Select(round => new TestResult($"a ({round})", round == 7 ? Verdict.Failed : Verdict.Passed, TimeSpan.FromSeconds(1))).ToList();
        var page = await ReadAsync(
            [new RunStarted("sample", "soak", [new PlannedSuite("embedded", ["a (1)"])], _folder.Path), new SuiteStarted("embedded"), .. End(new SuiteResult("embedded", Verdict.Failed, results, TimeSpan.FromSeconds(4)))]);

        page.QuerySelectorAll(".tests tbody tr").Length.ShouldBe(2000);
        Text(page.QuerySelectorAll(".tests tbody .name")[0]).ShouldBe("a (7)");
        Text(page, "#guest-1").ShouldContain("1,000 tests that passed before these are left out here");
        page.QuerySelectorAll("article").Length.ShouldBe(1);
    }

    private static TestResult Ring { get; } = new("ring_stress", Verdict.Passed, TimeSpan.FromSeconds(3.25))
    {
        Figures = [new Figure("events", 200_000)],
        Cases = [new CaseResult("datagrams", Passed: true, Skipped: true, "a pipe has none")],
    };

    private static TestResult Panicked { get; } = new("lifecycle", Verdict.Panicked, TimeSpan.FromSeconds(1))
    {
        Failure = "BUG: NULL pointer dereference in sample_set [sample]",
        LastOutput = ["# about to set"],
    };

    private static TestAttempt Try(TestResult result) => new(result.Verdict, result.Duration, result.Failure);

    private static RunEvent[] End(params SuiteResult[] suites) =>
        [new SuiteEnded(suites[^1]), new RunEnded(new RunResult(RunResult.Gravest(suites.Select(suite => suite.Verdict)), suites, TimeSpan.FromSeconds(15)))];

    private RunEvent[] Run(TestResult passed, TestResult panicked)
    {
        var first = new SuiteResult("embedded", Verdict.Panicked, [passed, panicked], TimeSpan.FromSeconds(10)) { Log = LogCounts.None with { Messages = 1234, Dropped = 17 } };
        var second = new SuiteResult("embedded-darwin", Verdict.Infrastructure, [], TimeSpan.FromSeconds(5)) { Failure = "The machine is gone." };
        return
        [
            new RunStarted(
                "sample", "quick",
                [new PlannedSuite("embedded", [passed.Name, panicked.Name, "not_root"]) { Command = "./build.sh KernelTest --platform linux" }, new PlannedSuite("embedded-darwin", [passed.Name])],
                _folder.Path) { Command = "./build.sh KernelTest" },
            new SuiteStarted("embedded"),
            new StageStarted(Stage.Build), new StageEnded(Stage.Build, TimeSpan.FromSeconds(2), Failure: null),
            new StageStarted(Stage.AcquireGuest), new StageEnded(Stage.AcquireGuest, TimeSpan.FromSeconds(1), Failure: null),
            new GuestDescribed("Linux 6.1.0 x86_64"),
            new TestStarted(passed.Name, TimeSpan.FromSeconds(30)), new MessageLogged(passed.Name, MessageLevel.Warning, "a"), new TestEnded(passed),
            new MessageLogged(passed.Name, MessageLevel.Warning, "late"),
            new TestStarted(panicked.Name, TimeSpan.FromSeconds(30)), new ConsolePrinted("[   12.0] Oops"), new MessageLogged(panicked.Name, MessageLevel.Warning, "low on room"),
            new KernelCrashed(panicked.Failure!, Fatal: true, "Oops\n      at sample_set (/linux/sample.c:15), sample.ko") { Function = "sample_set", Module = "sample" },
            new NoteGiven($"What each processor was doing: {_folder.Combine("crash/embedded-1-processors.log")}"),
            new TestEnded(panicked),
            new StageStarted(Stage.AcquireGuest), new StageEnded(Stage.AcquireGuest, TimeSpan.FromSeconds(2), Failure: null),
            new SuiteEnded(first),
            new SuiteStarted("embedded-darwin"),
            new SuiteEnded(second),
            new RunEnded(new RunResult(Verdict.Panicked, [first, second], TimeSpan.FromSeconds(15))),
        ];
    }

    private async Task<IDocument> ReadAsync(IEnumerable<RunEvent> events)
    {
        await using (var report = new HtmlReport(PageFile))
        {
            foreach (var told in events)
            {
                report.Receive(told);
            }
        }

        File.GetUnixFileMode(PageFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var page = await new HtmlParser().ParseDocumentAsync(await File.ReadAllTextAsync(PageFile));
        File.Delete(PageFile);
        return page;
    }

    private static string Text(IDocument page, string selector) => Text(page.QuerySelector(selector)!);

    private static string Text(IElement element) => string.Join(' ', element.TextContent.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
