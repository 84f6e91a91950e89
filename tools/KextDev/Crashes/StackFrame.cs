using System.Globalization;
using System.Text.RegularExpressions;

namespace KextDev.Crashes;

/// <summary>A place in the kernel's code as it prints it: <c>function+0x1f/0x40 [module]</c>.</summary>
internal sealed partial record StackFrame(string Function, string? Module)
{
    /// <summary>The function with what the compiler appended to its name.</summary>
    public required string Symbol { get; init; }

    /// <summary>From the function's start, in bytes.</summary>
    public required ulong Offset { get; init; }

    /// <summary>From the function's start to that of the next one, in bytes.</summary>
    public required ulong Size { get; init; }

    public string? BuildId { get; init; }

    /// <summary>The first place that a text names; null when it names none.</summary>
    public static StackFrame? Find(string text)
    {
        // Most lines name none, and a long word would be tried from each of its letters.
        var match = text.Contains("+0x", StringComparison.Ordinal) ? Place().Match(text) : Match.Empty;
        if (!match.Success)
        {
            return null;
        }

        var symbol = match.Groups["function"].Value;
        return new StackFrame(Suffix().Replace(symbol, ""), Text(match.Groups["module"]))
        {
            Symbol = symbol,
            Offset = Number(match.Groups["offset"]),
            Size = Number(match.Groups["size"]),
            BuildId = Text(match.Groups["id"]),
        };
    }

    /// <param name="line">Index of the report's line that names this place.</param>
    public SymbolPlace At(int line, bool isReturn) => new(line, isReturn, Symbol, Offset, Size, Module, BuildId);

    /// <summary>A function as a whole.</summary>
    public static StackFrame Named(string symbol, string? module) => new(Suffix().Replace(symbol, ""), module) { Symbol = symbol, Offset = 0, Size = 0 };

    /// <summary>The text with every place in it cut down to its function.</summary>
    public static string Shorten(string text) =>
        text.Contains("+0x", StringComparison.Ordinal) ? Place().Replace(text, match => Suffix().Replace(match.Groups["function"].Value, "")) : text;

    /// <summary>Whether the function only tells of the trouble, or leads there from an interrupt or a system call.</summary>
    public bool IsMachinery => Machinery().IsMatch(Function);

    private static string? Text(Group group) => group.Success ? group.Value : null;

    private static ulong Number(Group digits) => ulong.Parse(digits.ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    // The build id only of kernels that are configured to print it: of the module within the brackets, of the kernel in brackets of its own.
    [GeneratedRegex(
        @"(?<function>[A-Za-z_][A-Za-z0-9_.$]{0,127})\+0x(?<offset>[0-9a-f]{1,16})/0x(?<size>[0-9a-f]{1,16})( \[((?<module>[A-Za-z0-9_-]{1,64}) )?(?<id>[0-9a-f]{40})\]| \[(?<module>[A-Za-z0-9_-]{1,64})\])?",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Place();

    // What the compiler appends to a function that it split or specialised.
    [GeneratedRegex(@"(\.(isra|constprop|part|cold|llvm)(\.\d+)?)+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Suffix();

    [GeneratedRegex(
        @"^(dump_stack|show_stack|panic$|panic_on|_?printk|__warn|report_bug|handle_bug|exc_|asm_|__?sysvec|sysvec|die|oops_end|page_fault_oops|do_trap|do_error_trap|"
        + @"__schedule|schedule|__might_|watchdog_|lockup_detector|hrtimer_|__hrtimer|tick_|object_err|print_trailer|check_panic|rcu_|nmi_|__handle_sysrq|"
        + @"copy_overflow|__copy_overflow|__list_|refcount_warn|do_syscall|entry_SYSCALL|ret_from_fork|kthread$|bad_page|print_bad_pte|bad_area|kasan_|__asan_|check_memory_region|ubsan_|__ubsan)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Machinery();
}
