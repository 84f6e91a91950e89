using KextDev.Events;

namespace KextDev.Tests.Reports;

/// <summary>A run in which each text that a guest may have a say in tries to be markup, a command or an order to a terminal.</summary>
internal static class HostileRun
{
    public const string Attack =
        "</pre></td><script>alert(1)</script><img src=x onerror=alert(2)> \" onload=\"alert(3) ' autofocus onfocus='alert(4) ]]> --> <!-- </title></style> &lt;b&gt; &#60;i> "
        + "\u001b[2J\u001b]0;title\u0007 \0 \u202Ereversed\u202C \u2066\u200F\u061C \uD800 \uFFFF\r\u0085\u2028 javascript:alert(5) ::error file=a::b ##[error]c";

    /// <summary>A line that no report may keep whole, with an attack at its end.</summary>
    public static string LongLine { get; } = $"{new string('<', 1024 * 1024)}{Attack}";

    /// <param name="folder">Of the run.</param>
    public static IEnumerable<RunEvent> Tell(string folder)
    {
        var failed = Result(Verdict.Failed, "failed");
        var panicked = Result(Verdict.Panicked, "panicked") with { LastOutput = [LongLine], KernelLog = [LongLine, Attack] };
        var flaky = Result(Verdict.Flaky, "flaky") with
        {
            Attempts = [new TestAttempt(Verdict.Failed, TimeSpan.FromSeconds(1), Attack), new TestAttempt(Verdict.Passed, TimeSpan.FromSeconds(1), Failure: null)],
        };
        var guest = $"guest {Attack}";
        yield return new RunStarted($"project {Attack}", $"plan {Attack}", [new PlannedSuite(guest, [failed.Name, panicked.Name, flaky.Name, $"left {Attack}"]) { Command = Attack }], folder) { Command = Attack };
        yield return new SuiteStarted(guest);
        yield return new NoteGiven($"{Attack} {folder}/{Attack}");
        yield return new StageStarted(Stage.Build);
        yield return new CompilerPrinted(Attack);
        yield return new StageEnded(Stage.Build, TimeSpan.FromSeconds(1), Failure: null);
        yield return new GuestDescribed(Attack);
        foreach (var result in new[] { failed, panicked, flaky })
        {
            yield return new TestStarted(result.Name, TimeSpan.FromSeconds(30));
            yield return new TestPrinted(result.Name, Attack);
            yield return new ConsolePrinted(Attack);
            yield return new ConsolePrinted(LongLine);
            yield return new MessageLogged(result.Name, MessageLevel.Error, Attack);
            yield return new MessagesOmitted(result.Name, 12);
            yield return new NoteGiven(Attack);
            yield return new KernelCrashed(Attack, result.Verdict == Verdict.Panicked, $"{Attack}\n      at f (/a.c:1), a.ko {Attack}") { Function = Attack, Module = Attack };
            yield return new TestEnded(result);
        }

        yield return new StageStarted(Stage.Leaks);
        yield return new ConsolePrinted(Attack);
        yield return new StageEnded(Stage.Leaks, TimeSpan.FromSeconds(1), Attack);
        var suite = new SuiteResult(guest, Verdict.Panicked, [failed, panicked, flaky], TimeSpan.FromSeconds(5)) { Failure = $"{Attack}\n{LongLine}", Log = LogCounts.None with { Messages = 3 } };
        yield return new SuiteEnded(suite);
        yield return new RunEnded(new RunResult(Verdict.Panicked, [suite], TimeSpan.FromSeconds(6)));
    }

    private static TestResult Result(Verdict verdict, string name) => new($"{name} {Attack}", verdict, TimeSpan.FromSeconds(1))
    {
        Failure = Attack,
        Figures = [new Figure(Attack, 1)],
        Cases = [new CaseResult(Attack, Passed: false, Skipped: false, Attack), new CaseResult(Attack, Passed: true, Skipped: true, Attack)],
        LastOutput = [Attack, LongLine],
        KernelLog = [Attack, $"error 1/2 #3: {Attack}"],
    };
}
