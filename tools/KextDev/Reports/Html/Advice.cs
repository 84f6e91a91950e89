using KextDev.Events;

namespace KextDev.Reports.Html;

/// <summary>What somebody does next who finds a verdict.</summary>
internal static class Advice
{
    public const string Cancelled = "Somebody ended this run, or the CI's time limit did. Below is what there was until then.";

    public const string Unfinished = "This run broke off: it did not come to its own end. Below is what there was until then; its last words are in events.jsonl.";

    public static string Of(Verdict verdict) => verdict switch
    {
        Verdict.Passed => "Nothing needs to be done.",
        Verdict.Failed => "The extension does not build, load or unload, leaves something behind, or fails a test: the message says which, and what was expected.",
        Verdict.Panicked => "The extension killed its kernel. Begin with the topmost line of the backtrace that names your sources; --debug-on-panic opens lldb on the dead kernel.",
        Verdict.Hung => "The kernel stopped answering. The message says where each processor was: look for a lock taken twice, or a loop with interrupts off. --memory-dump keeps the kernel's memory.",
        Verdict.ConnectionLost => "The guest could not be reached again and nothing says that its kernel died. Its console, below, has its last words.",
        Verdict.TimedOut => "The kernel lives and the test took too long: a test that waits for what never comes, or a limit that is too short for this machine (\"timeLimit\" in kextdev.json).",
        Verdict.Infrastructure => "Nothing can be said about the extension: what surrounds it is broken. The message says what, and the way out; then run it again.",
        Verdict.Flaky => "What failed passed on a retry. That is no pass: look at what the first try says.",
        Verdict.Refused => "This very build killed the kernel of this guest before and was not loaded again. Change the extension, or add --force to see the crash once more.",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "Nobody knows what to do about an unknown verdict."),
    };
}
