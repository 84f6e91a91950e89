using System.Text.RegularExpressions;

namespace KextDev.Crashes;

/// <summary>What was read so far of one crash.</summary>
internal sealed partial class LinuxCrashReport
{
    // A deep recursion's trace alone has 100 lines; what is beyond tells nothing new.
    private const int MostLines = 300;

    private readonly List<string> _text = [];
    private readonly List<StackFrame> _trace = [];
    private readonly List<StackFrame> _leftovers = [];
    private readonly List<CrashPlace> _places = [];
    private CrashHeadline? _headline;
    private StackFrame? _instruction;
    private Match? _system;
    private bool _panicked;

    /// <summary>The latest time of its lines, in seconds.</summary>
    public double Time { get; private set; }

    public int Lines { get; private set; }

    /// <summary>Whether it tells yet where it happened.</summary>
    public bool HasPlace => _headline?.Place is not null || _instruction is not null || _trace.Count > 0;

    public bool HasHeadline => _headline is not null;

    /// <summary>Whether its end was printed; a register dump, or a panic as its consequence, may still follow.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether nothing can follow.</summary>
    public bool Finished { get; private set; }

    /// <param name="line">The next line.</param>
    /// <param name="headline">The same as a headline, when it is one.</param>
    public void Add(ConsoleLine line, CrashHeadline? headline)
    {
        Lines++;
        Time = Math.Max(Time, line.Time ?? 0);
        if (_text.Count < MostLines)
        {
            _text.Add(line.Whole);
        }

        _panicked |= headline?.Kind is CrashKind.Panic;
        _headline = Combine(_headline, headline);
        _system ??= System().Match(line.Text) is { Success: true } system ? system : null;
        ReadFrame(line.Text, headline);
        if (InFlight().Match(line.Text) is { Success: true } work && _trace.Count < MostLines)
        {
            _trace.Add(StackFrame.Named(work.Groups["function"].Value, work.Groups["module"] is { Success: true, Value: var module } ? module : null));
        }

        ReadEnd(line.Text);
    }

    /// <summary>Whether a line after the report's end still belongs to it.</summary>
    public static bool Continues(string text) => Continuation().IsMatch(text);

    public Crash? ToCrash()
    {
        if (_headline is null)
        {
            return null;
        }

        // A headline's own place and the instruction come before the callers.
        StackFrame?[] first = [_headline.Place, _instruction];
        var frames = first.OfType<StackFrame>().Concat(_trace).ToList();
        frames = frames.Count > 0 ? frames : _leftovers;
        var place = frames.Find(frame => frame.Module is not null) ?? frames.Find(frame => !frame.IsMachinery) ?? frames.FirstOrDefault();
        // A panic that was called for tells its reason; the function would be the one that called panic().
        var title = place is null || _headline.Kind == CrashKind.Panic ? _headline.Title : $"{_headline.Title} in {place.Function}";
        return new Crash(title, _headline.Kind, _panicked ? CrashSeverity.Fatal : _headline.Severity, place?.Function, place?.Module, [.. _text])
        {
            Places = [.. _places],
            Release = _system?.Groups["release"].Value,
            Taints = _system?.Groups["taints"].Value.Replace(" ", "", StringComparison.Ordinal).Replace("G", "", StringComparison.Ordinal) ?? "",
        };
    }

    // The first headline knows the cause ("list_del corruption"), later ones the consequence ("kernel BUG at", "Kernel panic").
    private static CrashHeadline? Combine(CrashHeadline? first, CrashHeadline? next) =>
        first is null || next is null
            ? first ?? next
            : first with { Severity = (CrashSeverity)Math.Max((int)first.Severity, (int)next.Severity), Place = first.Place ?? next.Place };

    private void ReadFrame(string text, CrashHeadline? headline)
    {
        // "lock: tape_lock+0x0/0x40" is data.
        if (_trace.Count + _leftovers.Count >= MostLines || text.StartsWith(" lock: ", StringComparison.Ordinal) || StackFrame.Find(text) is not { } frame)
        {
            return;
        }

        // A warning's headline and the instruction pointer name the very instruction; all others a call by where it returns to.
        var isInstruction = text.StartsWith("RIP: 0010:", StringComparison.Ordinal);
        if (Lines <= MostLines)
        {
            _places.Add(frame.At(_text.Count - 1, isReturn: !isInstruction && headline?.Kind is not CrashKind.Warning));
        }

        if (isInstruction)
        {
            _instruction ??= frame;
        }
        else if (headline is null)
        {
            (IsLeftover().IsMatch(text) ? _leftovers : _trace).Add(frame);
        }
    }

    private void ReadEnd(string text)
    {
        if (text.StartsWith("---[ end Kernel panic", StringComparison.Ordinal) || (_panicked && text.StartsWith("Kernel Offset: ", StringComparison.Ordinal)))
        {
            Finished = true;
        }
        else if (text.StartsWith("---[ end trace", StringComparison.Ordinal))
        {
            Ended = true;
            Finished = _headline is { Severity: CrashSeverity.Warning };
        }
        else if (text.Trim() == "</TASK>" && !_panicked)
        {
            Ended = true;
        }
    }

    // "CPU: 0 PID: 88 Comm: insmod Tainted: G           OE      6.1.0-56-cloud-amd64 #1", and a hung task's "      Tainted: ...".
    [GeneratedRegex(
        @"^(CPU: \d{1,5} (UID: \d{1,10} )?PID: \d{1,10} Comm: .{1,32}? | {2,8})(Not tainted|Tainted: (?<taints>[A-Z ]{1,40}?)) +(?<release>\d[A-Za-z0-9.+_~-]{1,63})( |$)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex System();

    // Of a workqueue that is stuck: "    in-flight: 77:ring_work [ring]".
    [GeneratedRegex(
        @"^ +in-flight: \d{1,10}(\(RESCUER\))?:(?<function>[A-Za-z_][A-Za-z0-9_.]{0,127})( \[(?<module>[A-Za-z0-9_-]{1,64})\])?",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex InFlight();

    // "? function+...": an address on the stack that need not be a caller; all there is when the trace could not be walked.
    [GeneratedRegex(@"^\s*\? ", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex IsLeftover();

    [GeneratedRegex(
        @"^\s|^$|^(RIP|RSP|RAX|RDX|RBP|R1[03]|FS|CS|CR2|DR[0-7]|PKRU|Code|Call Trace|Modules linked in|CPU|Hardware name|rcu|NMI backtrace|Sending NMI|task:|"
        + @"Kernel panic - |Kernel Offset:|---\[ end |Disabling lock debugging|FIX |note: |INFO: NMI handler|Shutting down cpus|Rebooting in|"
        + @"Allocated by|Freed by|The buggy address|Memory state|>[0-9a-f]{16}:|page:|raw:|page dumped|====)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Continuation();
}
