using System.Globalization;
using KextDev.Events;

namespace KextDev.Reports;

/// <summary>The words and numbers that every console report uses alike.</summary>
internal static class Wording
{
    public static string Of(Stage stage) => stage switch
    {
        Stage.Build => "build",
        Stage.AcquireGuest => "acquire guest",
        Stage.Connect => "connect",
        Stage.Deploy => "deploy",
        Stage.Load => "load",
        Stage.DeployTests => "deploy tests",
        Stage.Symbols => "symbols",
        Stage.Stress => "stress",
        Stage.Unload => "unload",
        Stage.Leaks => "leaks",
        Stage.Collect => "collect",
        Stage.Report => "report",
        Stage.Configure => "configure",
        Stage.Restart => "restart",
        _ => throw new ArgumentOutOfRangeException(nameof(stage), stage, "An unknown stage has no name."),
    };

    public static string Of(Verdict verdict) => verdict switch
    {
        Verdict.ConnectionLost => "connection lost",
        Verdict.TimedOut => "timed out",
        _ => verdict.ToString().ToLowerInvariant(),
    };

    public static string Of(TimeSpan duration) => duration.TotalMinutes < 1
        ? duration.TotalSeconds.ToString("0.00 's'", CultureInfo.InvariantCulture)
        : duration.ToString(duration.TotalHours < 1 ? @"m\:ss" : @"h\:mm\:ss", CultureInfo.InvariantCulture);

    public static string Of(IEnumerable<Figure> figures) => string.Join(", ", figures.Select(f => $"{PrintableText.Of(f.Name)} {Of(f.Value)}"));

    /// <summary>"log: 1,234 messages, 17 dropped, 0 missing of 1,251 that the kernel sent", and what else there was.</summary>
    public static string Of(LogCounts log)
    {
        (long Count, string What)[] rest =
        [
            (log.Lost, "made while nobody read"), (log.Unwritten, "not passed on by the guest's kextlogd"),
            (log.Damaged, "bytes damaged"), (log.Left, "not kept in the run's folder"),
        ];
        return string.Create(CultureInfo.InvariantCulture, $"log: {log.Messages:#,0} messages, {log.Dropped:#,0} dropped")
            + (log.Sent + log.Missing > 0 ? string.Create(CultureInfo.InvariantCulture, $", {log.Missing:#,0} missing of {log.Sent:#,0} that the kernel sent") : "")
            + string.Concat(rest.Where(one => one.Count > 0).Select(one => string.Create(CultureInfo.InvariantCulture, $", {one.Count:#,0} {one.What}")));
    }

    /// <summary>": panicked, passed" behind "flaky"; empty where a test ran once.</summary>
    public static string Of(IReadOnlyList<TestAttempt> attempts) => attempts.Count == 0 ? "" : $": {string.Join(", ", attempts.Select(attempt => Of(attempt.Verdict)))}";

    /// <summary>"24 of 26 passed in 1:42". Where the rounds were not counted beforehand, there are as many tests as ran.</summary>
    public static string Counts(RunStarted run, RunResult result)
    {
        var total = run.Suites.Sum(suite => Math.Max(suite.Tests.Count, result.Suites.FirstOrDefault(one => one.Guest == suite.Guest)?.Tests.Count ?? 0));
        return $"{result.Passed} of {total} passed in {Of(result.Duration)}";
    }

    /// <summary>The table's heading of a run: what was tested, where, after which plan.</summary>
    public static string Of(RunStarted run) => $"{run.Project} on {string.Join(" and ", run.Suites.Select(suite => suite.Guest))}, plan {run.Plan}";

    public static string Of(double value) => value.ToString(Math.Abs(value) >= 100 || value == Math.Floor(value) ? "#,0" : "0.###", CultureInfo.InvariantCulture);
}
