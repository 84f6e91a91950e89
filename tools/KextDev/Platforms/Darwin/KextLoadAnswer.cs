using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>What kextload (10.9 to 10.15) or kmutil load (11) answered.</summary>
/// <param name="Return">The kernel's result where the command names one.</param>
/// <param name="Words">All that it printed, as it was; its exit code where it printed nothing.</param>
public sealed record KextLoadAnswer(KextLoadOutcome Outcome, KextReturn? Return, string Words)
{
    // sysexits.h, and 27, which TN2459 names.
    private const int SystemPolicy = 27;
    private const int Usage = 64;
    private const int OsError = 71;
    private const int NoPermission = 77;

    public static KextLoadAnswer Parse(ShellResult result)
    {
        var words = CommandWords.Of(result);
        return new KextLoadAnswer(Decide(result.ExitCode, words), KextReturn.Find(words), words);
    }

    /// <summary>What to do about it; empty where nobody knows.</summary>
    public string WayOut => Outcome switch
    {
        KextLoadOutcome.NotApproved =>
            "Approve the kext in the guest's System Preferences and restart the guest, or switch off SIP's kext signing in its Recovery: csrutil enable --without kext.",
        KextLoadOutcome.NotRoot => "Let the guest's definition name a user who is root.",
        _ => Return?.WayOut ?? "",
    };

    // kmutil's exit codes are not documented, so its words count: an error is printed as "Error Domain=...".
    private static KextLoadOutcome Decide(int exitCode, string words) => exitCode switch
    {
        _ when words.Contains("not approved to load", StringComparison.Ordinal) => KextLoadOutcome.NotApproved,
        0 => words.Contains("Error Domain=", StringComparison.Ordinal) || words.Contains(" failed to load - ", StringComparison.Ordinal)
            ? KextLoadOutcome.Refused
            : KextLoadOutcome.Loaded,
        SystemPolicy => KextLoadOutcome.NotApproved,
        NoPermission => KextLoadOutcome.NotRoot,
        Usage => KextLoadOutcome.NotUnderstood,
        OsError => KextLoadOutcome.Refused,
        _ => words.Contains("Error Domain=", StringComparison.Ordinal) || KextReturn.Find(words) is not null ? KextLoadOutcome.Refused : KextLoadOutcome.Unknown,
    };
}

public enum KextLoadOutcome
{
    /// <summary>Or it was loaded already.</summary>
    Loaded,

    /// <summary>The kernel, or the checks before it, said no.</summary>
    Refused,

    /// <summary>The system's policy wants a person to approve it first.</summary>
    NotApproved,
    NotRoot,

    /// <summary>The command has no such options.</summary>
    NotUnderstood,

    /// <summary>Neither the exit code nor the words are known.</summary>
    Unknown,
}
