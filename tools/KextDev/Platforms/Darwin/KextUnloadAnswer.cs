using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>What kextunload (10.9 to 10.15) or kmutil unload (11) answered.</summary>
/// <param name="Return">The kernel's result where the command names one.</param>
/// <param name="Words">All that it printed, as it was; its exit code where it printed nothing.</param>
public sealed record KextUnloadAnswer(KextUnloadOutcome Outcome, KextReturn? Return, string Words)
{
    // kext_tools: kextunload's own codes, then those of sysexits.h.
    private const int NotFound = 1;
    private const int NotPrivileged = 2;
    private const int Partly = 3;
    private const int Unspecified = 11;
    private const int Usage = 64;
    private const int NoPermission = 77;

    public static KextUnloadAnswer Parse(ShellResult result)
    {
        var words = CommandWords.Of(result);
        var known = KextReturn.Find(words);
        return new KextUnloadAnswer(Decide(result.ExitCode, known, words), known, words);
    }

    // From 11 on 1 need not mean "not found": the kernel's result, where one is named, says more.
    private static KextUnloadOutcome Decide(int exitCode, KextReturn? known, string words) => (exitCode, known?.Code) switch
    {
        (0, _) => words.Contains("Error Domain=", StringComparison.Ordinal) || words.Contains("Failed to unload ", StringComparison.Ordinal)
            ? KextUnloadOutcome.Refused
            : KextUnloadOutcome.Unloaded,
        (_, 0x06) => KextUnloadOutcome.NotFound,
        (_, 0x04) => KextUnloadOutcome.NotRoot,
        (_, 0x18) => KextUnloadOutcome.InUse,
        (_, not null) => KextUnloadOutcome.Refused,
        (NotFound, _) => KextUnloadOutcome.NotFound,
        (NotPrivileged or NoPermission, _) => KextUnloadOutcome.NotRoot,
        (Partly, _) => KextUnloadOutcome.Partly,
        (Unspecified, _) => KextUnloadOutcome.Refused,
        (Usage, _) => KextUnloadOutcome.NotUnderstood,
        _ => KextUnloadOutcome.Unknown,
    };
}

public enum KextUnloadOutcome
{
    Unloaded,

    /// <summary>No such kext is loaded.</summary>
    NotFound,

    /// <summary>Others are linked against it, or hold instances of its classes.</summary>
    InUse,

    /// <summary>Its stop routine, or the kernel, said no.</summary>
    Refused,

    /// <summary>Some of what was asked for.</summary>
    Partly,
    NotRoot,

    /// <summary>The command has no such options.</summary>
    NotUnderstood,

    /// <summary>Neither the exit code nor the words are known.</summary>
    Unknown,
}
