namespace KextDev.BuildTests;

/// <summary>What the project's own tests are counted by: nothing that went wrong may count as passed.</summary>
public sealed class TestResultsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kextdev-results-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Tests_that_passed_are_counted_and_others_told()
    {
        Write("""<UnitTestResult testName="A.Fits" outcome="Passed"/><UnitTestResult testName="A.Breaks" outcome="Failed"><Output><ErrorInfo><Message>1 is not 2</Message></ErrorInfo></Output></UnitTestResult>""");

        var counts = Read(exitCode: 1);

        counts.Passed.ShouldBe(1);
        counts.Failures.ShouldHaveSingleItem().ShouldBe("Failed: A.Breaks\n  1 is not 2");
    }

    [Fact]
    public void Of_a_stack_trace_what_names_the_tests_own_code_is_told()
    {
        Write(
            """
            <UnitTestResult testName="A.Breaks" outcome="Failed"><Output><ErrorInfo><StackTrace>   at A.Break() in A.cs:line 1
            --- End of stack trace from previous location ---
               at System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw()
               at System.Runtime.CompilerServices.TaskAwaiter.HandleNonSuccessAndDebuggerNotification(Task task, ConfigureAwaitOptions options)
               at A.Breaks() in A.cs:line 2</StackTrace></ErrorInfo></Output></UnitTestResult>
            """);

        Read(exitCode: 1).Failures.ShouldHaveSingleItem().ShouldBe("Failed: A.Breaks\n     at A.Break() in A.cs:line 1\n     at A.Breaks() in A.cs:line 2");
    }

    [Fact]
    public void A_skipped_test_has_not_passed()
    {
        Write("""<UnitTestResult testName="A.Waits" outcome="NotExecuted"/>""");

        Read(exitCode: 0).Failures.ShouldHaveSingleItem().ShouldStartWith("NotExecuted: A.Waits");
    }

    [Fact]
    public void A_run_that_died_in_the_middle_is_a_failure_and_names_what_ran()
    {
        Write("""<UnitTestResult testName="A.Fits" outcome="Passed"/>""", """<RunInfos><RunInfo outcome="Error"><Text>The active test run was aborted. Reason: Test host process crashed</Text></RunInfo></RunInfos>""");
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "1"));
        File.WriteAllText(Path.Combine(_folder.FullName, "1", "Sequence_1.xml"), """<TestSequence><Test Name="A.Hangs" Completed="False"/><Test Name="A.Fits" Completed="True"/></TestSequence>""");

        var counts = Read(exitCode: 1);

        counts.Passed.ShouldBe(1);
        counts.Failures.ShouldHaveSingleItem().ShouldBe("Some.Tests: The active test run was aborted. Reason: Test host process crashed. What ran: A.Hangs");
    }

    [Fact]
    public void Whatever_else_the_program_fails_for_is_a_failure()
    {
        Write("""<UnitTestResult testName="A.Fits" outcome="Passed"/>""");

        Read(exitCode: 0).Failures.ShouldBeEmpty();
        Read(exitCode: 1).Failures.ShouldHaveSingleItem().ShouldContain("exit code 1");
    }

    [Fact]
    public void No_results_and_no_tests_are_failures()
    {
        Read(exitCode: 0).Failures.ShouldHaveSingleItem().ShouldContain("before it wrote its results");
        Write("");
        Read(exitCode: 0).Failures.ShouldHaveSingleItem().ShouldContain("no test");
    }

    private TestCounts Read(int exitCode) => new TestResults("Some.Tests", _folder.FullName).Read(exitCode);

    private void Write(string results, string summary = "") => File.WriteAllText(
        Path.Combine(_folder.FullName, "results.trx"),
        $"""<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>{results}</Results><ResultSummary>{summary}</ResultSummary></TestRun>""");
}
