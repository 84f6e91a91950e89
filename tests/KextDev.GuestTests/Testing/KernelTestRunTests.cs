using KextDev.Events;
using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.Symbols;
using KextDev.Testing;

namespace KextDev.GuestTests.Testing;

/// <summary>The whole pipeline, with a real guest, a real module, and tests that go wrong in every way.</summary>
[Collection(GuestTurns.Name)]
public sealed class KernelTestRunTests
{
    [Fact]
    public async Task Each_way_to_go_wrong_has_its_verdict_and_the_rest_of_the_plan_still_runs()
    {
        using var project = new SampleProject(
            """ "name": "passes", "timeLimit": 30 """,
            """ "name": "fails", "timeLimit": 30, "arguments": ["fail"] """,
            """ "name": "dies", "timeLimit": 30, "arguments": ["die"] """,
            """ "name": "says_nothing", "timeLimit": 30, "arguments": ["silent"] """,
            """ "name": "takes_too_long", "timeLimit": 2, "arguments": ["sleep"] """,
            """ "name": "loads_by_itself", "timeLimit": 30, "extension": "unloaded", "arguments": ["load"] """,
            """ "name": "is_refused", "timeLimit": 30, "variant": "refuses" """,
            """ "name": "panics", "timeLimit": 60, "arguments": ["oops"] """,
            """ "name": "loses_its_connection", "timeLimit": 60, "arguments": ["cut"] """,
            """ "name": "hangs", "timeLimit": 10, "arguments": ["hang"] """,
            """ "name": "goes_on", "timeLimit": 30 """);
        var report = new RecordingReport();

        var result = await project.RunAsync(report);

        var tests = result.Suites.ShouldHaveSingleItem().Tests;
        tests.Select(test => (test.Name, test.Verdict)).ShouldBe(
        [
            ("passes", Verdict.Passed),
            ("fails", Verdict.Failed),
            ("dies", Verdict.Failed),
            ("says_nothing", Verdict.Failed),
            ("takes_too_long", Verdict.TimedOut),
            ("loads_by_itself", Verdict.Passed),
            ("is_refused", Verdict.Failed),
            ("panics", Verdict.Panicked),
            ("loses_its_connection", Verdict.Passed),
            ("hangs", Verdict.Hung),
            ("goes_on", Verdict.Passed),
        ]);
        result.Verdict.ShouldBe(Verdict.Panicked);
        tests[0].Figures.ShouldBe([new Figure("events", 42)]);
        tests[1].Failure!.ShouldContain("arithmetic");
        tests[1].LastOutput.ShouldContain("not ok 1 arithmetic # two and two make five");
        tests[1].KernelLog.ShouldContain(line => line.Contains("what the kernel said meanwhile"));
        tests[6].Failure!.ShouldContain("there is no such device");
        tests[7].Failure!.ShouldContain("NULL pointer dereference in sample_fault [sample]");
        tests[7].KernelLog.ShouldContain(line => line.Contains("sample_set+0x"));
        tests[7].KernelLog.ShouldContain(line => line.Contains("at sample_set (/") && line.Contains("/linux/sample.c:15), sample.ko"));
        tests[8].Failure.ShouldBeNull();
        tests[9].Failure!.ShouldContain("hangs took longer than its limit of 10 s, and the kernel did not answer");
        File.ReadAllText(Path.Combine(project.RunFolder, "crash", "1.txt")).ShouldMatch(@"sample_set\+0x.*\n +at sample_set \(/.*/linux/sample\.c:15\), sample\.ko");
        File.ReadAllText(Path.Combine(project.RunFolder, "embedded", "console.log")).ShouldContain("Kernel panic - not syncing");
        await TheCrashHasItsLinesAsync(project);
        (await project.Place.ListAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("panic-later", Verdict.Panicked, Verdict.Passed)]
    [InlineData("cut-next", Verdict.ConnectionLost, Verdict.ConnectionLost)]
    public async Task What_a_test_leaves_behind_does_not_pass_with_it(string argument, Verdict ofAll, Verdict ofTest)
    {
        using var project = new SampleProject($""" "name": "last", "timeLimit": 60, "arguments": ["{argument}"] """);

        var result = await project.RunAsync(new RecordingReport());

        var suite = result.Suites.ShouldHaveSingleItem();
        (result.Verdict, suite.Tests.ShouldHaveSingleItem().Verdict).ShouldBe((ofAll, ofTest), suite.Failure);
        (suite.Failure ?? suite.Tests[0].Failure)!.ShouldContain(ofAll == Verdict.Panicked ? "sysrq triggered crash" : "The kernel answers over a new one.");
        (await project.Place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Programs_of_tests_that_are_not_run_are_not_copied()
    {
        using var project = new SampleProject() { Tests = ["lists"] };
        project.Write(
            "list.c",
            """
            #include <dirent.h>
            #include <libgen.h>
            #include <stdio.h>
            int main(int argc, char **argv)
            {
            	DIR *folder = opendir(dirname(argv[argc - 1]));
            	struct dirent *entry;
            	while (folder && (entry = readdir(folder)))
            		printf("# there is %s\n", entry->d_name);
            	puts("KTAP version 1\n1..1\nok 1 listed");
            	return 0;
            }
            """);
        project.Write(
            "kextdev.json",
            """
            {
              "name": "sample",
              "platforms": { "linux": { "kbuild": "linux", "module": "sample", "variants": { "normal": [] } } },
              "programs": { "others": { "helper": "test.c" } },
              "tests": [{ "name": "lists", "source": "list.c", "timeLimit": 30 }, { "name": "left_out", "source": "test.c", "timeLimit": 30 }]
            }
            """);
        var report = new RecordingReport();

        var result = await project.RunAsync(report);

        result.Verdict.ShouldBe(Verdict.Passed, result.Suites[0].Failure);
        var there = report.Events.OfType<TestPrinted>().Select(printed => printed.Line).Where(line => line.StartsWith("# there is ", StringComparison.Ordinal)).ToList();
        there.ShouldContain("# there is lists");
        there.ShouldContain("# there is helper");
        there.ShouldNotContain("# there is left_out");
    }

    [Fact]
    public async Task What_passes_on_a_retry_is_flaky_and_each_round_is_told_by_itself()
    {
        using var project = new SampleProject(""" "name": "luck", "timeLimit": 30, "arguments": ["flaky"] """, """ "name": "passes", "timeLimit": 30 """)
        {
            Repetition = new Repetition { Retries = 1, Rounds = 2 },
        };
        var report = new RecordingReport();

        var result = await project.RunAsync(report);

        var tests = result.Suites.ShouldHaveSingleItem().Tests;
        tests.Select(test => (test.Name, test.Verdict)).ShouldBe(
            [("luck", Verdict.Flaky), ("passes", Verdict.Passed), ("luck (2)", Verdict.Passed), ("passes (2)", Verdict.Passed)]);
        result.Verdict.ShouldBe(Verdict.Flaky);
        tests[0].Attempts.Select(attempt => attempt.Verdict).ShouldBe([Verdict.Failed, Verdict.Passed]);
        report.Events.OfType<RunStarted>().Single().Suites[0].Tests.ShouldBe(["luck", "passes", "luck (2)", "passes (2)"]);
        File.ReadAllText(Path.Combine(project.RunFolder, "junit.xml")).ShouldContain("<flakyFailure type=\"Failed\"");
    }

    [Fact]
    public async Task A_run_that_is_cancelled_keeps_its_results_and_leaves_no_guest()
    {
        using var project = new SampleProject(
            """ "name": "passes", "timeLimit": 30 """,
            """ "name": "is_interrupted", "timeLimit": 600, "arguments": ["sleep"] """);
        using var cancel = new CancellationTokenSource();
        var report = new RecordingReport(told =>
        {
            // The program runs in the guest: its first line is here.
            if (told is TestPrinted { Test: "is_interrupted" })
            {
                cancel.Cancel();
            }
        });

        var result = await project.RunAsync(report, cancel.Token);

        result.Cancelled.ShouldBeTrue();
        result.Suites[0].Tests.Select(test => test.Name).ShouldBe(["passes"]);
        report.Events[^1].ShouldBeOfType<RunEnded>();
        File.Exists(Path.Combine(project.RunFolder, "junit.xml")).ShouldBeTrue();
        (await project.Place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_that_is_cancelled_at_once_reports_its_guest_without_a_test()
    {
        using var project = new SampleProject(""" "name": "passes", "timeLimit": 30 """);

        var result = await project.RunAsync(new RecordingReport(), new CancellationToken(canceled: true));

        result.Cancelled.ShouldBeTrue();
        result.Suites.ShouldHaveSingleItem().Tests.ShouldBeEmpty();
        (await File.ReadAllTextAsync(Path.Combine(project.RunFolder, "junit.xml"))).ShouldContain("<testsuite ");
        (await project.Place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_kept_guest_is_joined_and_left_as_it_was_found()
    {
        using var project = new SampleProject(
            """ "name": "loses_its_connection", "timeLimit": 60, "arguments": ["cut"] """,
            """ "name": "passes", "timeLimit": 30 """);
        var kept = GuestFactory.Create(GuestPlace.Embedded, project.Place.Site);
        GuestEndpoint endpoint;
        await using (kept)
        {
            endpoint = await kept.StartAsync(CancellationToken.None);
            ((IKeepable)kept).Keep();
        }

        var result = await project.RunAsync(new RecordingReport());
        var left = await Ssh.Command(project.Place, endpoint, "cat /proc/modules; ls /tmp").RunAsync(CancellationToken.None);
        var running = await project.Place.ListAsync();
        await GuestFactory.Create(GuestPlace.Embedded, project.Place.Site).StopAsync(CancellationToken.None);

        result.Suites[0].Tests.Select(test => test.Verdict).ShouldBe([Verdict.Passed, Verdict.Passed]);
        result.Suites[0].Failure.ShouldBeNull();
        running.ShouldHaveSingleItem().Endpoint.ShouldBe(endpoint);
        left.Output.ShouldNotContain("sample");
        left.Output.ShouldNotContain("kextdev-");
        (await project.Place.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_runs_at_once_do_not_collide()
    {
        using var first = new SampleProject(""" "name": "passes", "timeLimit": 60 """);
        using var second = new SampleProject(""" "name": "passes", "timeLimit": 60 """);

        var results = await Task.WhenAll(first.RunAsync(new RecordingReport()), second.RunAsync(new RecordingReport()));

        results.ShouldAllBe(result => result.Verdict == Verdict.Passed);
        first.RunFolder.ShouldNotBe(second.RunFolder);
    }

    [Fact]
    public async Task A_source_that_does_not_compile_fails_the_run_with_the_compilers_own_message()
    {
        using var project = new SampleProject(""" "name": "passes", "timeLimit": 30 """);
        project.Write("linux/sample.c", "int broken = ;\n");
        var report = new RecordingReport();

        var result = await project.RunAsync(report);

        result.Verdict.ShouldBe(Verdict.Failed);
        result.Suites[0].Failure!.ShouldContain("sample.c:1");
        report.Events.OfType<CompilerPrinted>().ShouldContain(line => line.Line.Contains("error: expected expression"));
        report.Events.OfType<StageStarted>().ShouldNotContain(stage => stage.Stage == Stage.AcquireGuest);
    }

    private static async Task TheCrashHasItsLinesAsync(SampleProject project)
    {
        var found = CrashReading.Read(project.RunFolder).ShouldHaveSingleItem();
        var named = await new CrashSymbols(new SymbolFolders([project.Place.State.Build]), project.Folder).NameAsync(found.Crash, CancellationToken.None);

        // The instruction, in a function that was inlined; and the call, below the frame that returns to it.
        var text = string.Join('\n', named.Text);
        text.ShouldMatch(@"RIP: 0010:sample_fault\+.*\n +at sample_write \(linux/sample\.c:6\)\n +inlined into sample_fault \(linux/sample\.c:10\), sample\.ko \.text \+ 0x[0-9a-f]+\n");
        text.ShouldMatch(@"\] +sample_set\+.*\n +at sample_set \(linux/sample\.c:15\), sample\.ko \.text");
        named.Notes[0].ShouldStartWith($"sample: symbols of {project.Place.State.Build}");
    }
}
