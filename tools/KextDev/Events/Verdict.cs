namespace KextDev.Events;

/// <summary>What a test or a run came to. Each but <see cref="Passed"/> ends the target with an exit code of its own.</summary>
public enum Verdict
{
    /// <summary>Every case passed and the plan was kept.</summary>
    Passed,

    /// <summary>The test itself says no, or the extension did not load or unload.</summary>
    Failed,

    /// <summary>The guest's kernel died.</summary>
    Panicked,

    /// <summary>The guest's kernel stopped answering without a word.</summary>
    Hung,

    /// <summary>The connection to a guest whose kernel is not known to have died was lost.</summary>
    ConnectionLost,

    /// <summary>The test took longer than its limit while the kernel still answered.</summary>
    TimedOut,

    /// <summary>The surroundings are broken: nothing can be said about the extension.</summary>
    Infrastructure,

    /// <summary>Failed first, passed on a retry.</summary>
    Flaky,

    /// <summary>This build of the extension is known to kill the guest's kernel, and was not loaded again.</summary>
    Refused,
}

/// <summary>The process exit code of each verdict.</summary>
public static class VerdictExitCode
{
    public static int Of(Verdict verdict) => verdict switch
    {
        Verdict.Passed => 0,
        Verdict.Failed => 10,
        Verdict.Panicked => 11,
        Verdict.Hung => 12,
        Verdict.ConnectionLost => 13,
        Verdict.TimedOut => 14,
        Verdict.Infrastructure => 15,
        Verdict.Flaky => 16,
        Verdict.Refused => 17,
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "An unknown verdict has no exit code."),
    };
}
