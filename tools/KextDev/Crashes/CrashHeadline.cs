using System.Buffers;
using System.Text.RegularExpressions;

namespace KextDev.Crashes;

/// <summary>The line with which a Linux kernel begins to tell of a crash.</summary>
/// <param name="Kind">Of the crash.</param>
/// <param name="Severity">Of the crash, unless a panic follows.</param>
/// <param name="Title">Without the place.</param>
/// <param name="Place">The place that the line itself names; null when it names none.</param>
internal sealed record CrashHeadline(CrashKind Kind, CrashSeverity Severity, string Title, StackFrame? Place)
{
    private const CrashSeverity Fatal = CrashSeverity.Fatal;
    private const CrashSeverity Warning = CrashSeverity.Warning;

    // Kernel 5.4 to 6.16, x86-64. The first that matches counts. "{0}" is the group "what".
    private static readonly Form[] s_forms =
    [
        new(CrashKind.Panic, Fatal, "kernel panic: {0}", @"Kernel panic - not syncing: (?<what>.*)"),
        new(CrashKind.NullDereference, Fatal, "BUG: unable to handle kernel NULL pointer dereference", @"BUG: (unable to handle )?kernel NULL pointer dereference"),
        new(CrashKind.PageFault, Fatal, "BUG: unable to handle page fault", @"BUG: unable to handle (page fault|kernel paging request|kernel access)"),
        new(CrashKind.StackOverflow, Fatal, "BUG: stack guard page was hit", @"BUG: \S+ stack guard page was hit|BUG: stack guard page was hit"),
        new(CrashKind.GeneralProtection, Fatal, "general protection fault", @"general protection fault"),
        new(CrashKind.Bug, Fatal, "kernel BUG", @"kernel BUG at "),
        new(CrashKind.Oops, Fatal, "double fault", @"(traps: )?PANIC: double fault|double fault: "),
        new(CrashKind.Oops, Fatal, "{0}", @"(?<what>[A-Za-z][A-Za-z0-9 -]{1,40}): [0-9a-f]{4} \[#\d{1,5}\]"),
        new(CrashKind.Bug, Fatal, "usercopy: {0}", @"usercopy: (?<what>Kernel memory (exposure|overwrite) attempt) detected"),
        new(CrashKind.Bug, Fatal, "buffer overflow in {0}", @"detected buffer overflow in (?<what>\w{1,60})"),
        new(CrashKind.SoftLockup, Warning, "BUG: soft lockup", @"(NMI )?(watchdog: )?BUG: soft lockup"),
        new(CrashKind.HardLockup, Fatal, "hard lockup", @"(NMI )?watchdog: Watchdog detected hard LOCKUP"),
        new(CrashKind.RcuStall, Warning, "INFO: rcu detected stall", @"(rcu: )?INFO: \S+ (self-)?detected (expedited )?stalls? on CPU"),
        new(CrashKind.HungTask, Warning, "INFO: task hung", @"INFO: task .{1,80}:\d{1,10} blocked (in I/O wait )?for more than"),
        new(CrashKind.BadPage, Warning, "BUG: Bad {0}", @"BUG: Bad (?<what>page state|page map|page cache|rss-counter state)"),
        new(CrashKind.AtomicSleep, Warning, "BUG: {0}", @"BUG: (?<what>scheduling while atomic|sleeping function called from invalid context)"),
        new(CrashKind.ListCorruption, Warning, "{0} corruption", @"(?<what>list_(add|del)) (corruption|double add)"),
        new(CrashKind.Sanitizer, Warning, "{0}", @"BUG: (?<what>(KASAN|KFENCE|KCSAN|KMSAN): [a-zA-Z -]{1,60}?) (in|at) "),
        new(CrashKind.Sanitizer, Warning, "{0}", @"(?<what>UBSAN: [a-z-]{1,60}) in "),
        new(CrashKind.Sanitizer, Warning, "kmemleak: suspected memory leaks", @"kmemleak: \d{1,10} new suspected memory leaks"),
        new(CrashKind.SlabCorruption, Warning, "slab: {0}", @"BUG \S{1,64} \((Tainted|Not tainted)[^)]{0,80}\): (?<what>.*)"),
        new(CrashKind.Lockdep, Warning, "WARNING: {0}",
            @"WARNING: (?<what>(possible|suspicious|inconsistent|bad|lock held|nested|held lock|\S+/\d+ (is|still)|HARDIRQ|SOFTIRQ|chain_key).*)"),
        new(CrashKind.Lockdep, Warning, "BUG: {0}", @"BUG: (?<what>(spinlock|rwlock) [a-z ]{1,40}?) on CPU#"),
        new(CrashKind.Warning, Warning, "WARNING", @"WARNING: (CPU: \d{1,5} PID: \d{1,10}|\S{1,200}:\d{1,7}) at "),
        new(CrashKind.Other, Warning, "BUG: {0} in preemptible code", @"BUG: (?<what>using \S{1,60}) in preemptible "),
        new(CrashKind.Other, Warning, "BUG: workqueue lockup", @"BUG: workqueue lockup"),
        new(CrashKind.Other, Warning, "BUG: {0}", @"BUG: (?<what>.*)"),
    ];

    // One of these is in every form; most lines have none and are passed over at once.
    private static readonly SearchValues<string> s_words =
        SearchValues.Create(["BUG", "panic", "fault", "WARNING", "INFO", "LOCKUP", "UBSAN", "corruption", "double", "usercopy", "overflow", "kmemleak", "[#"], StringComparison.Ordinal);

    /// <summary>"Oops: 0002 [#1]" only ever follows a line that says more; lines of another CPU may stand between them.</summary>
    public bool IsDetail => Title == "Oops";

    /// <param name="text">A console line without its time.</param>
    /// <returns>Null for any other line.</returns>
    public static CrashHeadline? Read(string text)
    {
        if (!text.AsSpan().ContainsAny(s_words))
        {
            return null;
        }

        foreach (var form in s_forms)
        {
            var match = form.Pattern.Match(text);
            if (match.Success)
            {
                var what = StackFrame.Shorten(match.Groups["what"].Value.Trim());
                return new CrashHeadline(form.Kind, form.Severity, string.Format(null, form.Title, Bounded(WithoutDetails(what))), StackFrame.Find(text));
            }
        }

        return null;
    }

    // "Attempted to kill init! exitcode=0x0300", "… on unknown-block(0,0)", "writer/12 still has locks held": what differs from one time to the next stays out
    // of titles.
    private static string WithoutDetails(string what) => s_task.Replace(s_details.Replace(what, ""), "task ");

    private static readonly Regex s_task = new(@"^\S{1,32}/\d{1,10} (?=is |still )", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));

    private static readonly Regex s_details = new(@"( exitcode=0x[0-9a-f]+| on unknown-block\(.*| in: .*| for process .*)$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));

    private static string Bounded(string text) => text.Length > 120 ? text[..120] : text;

    // From 6.11 on "Oops: " precedes what earlier kernels begin with. Anchored, and repetitions are bounded: the time is linear in the text, whatever a guest prints.
    private sealed record Form(CrashKind Kind, CrashSeverity Severity, string Title, string Expression)
    {
        public Regex Pattern { get; } = new($"^(Oops: )?({Expression})", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));
    }
}
