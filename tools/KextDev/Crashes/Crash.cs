using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace KextDev.Crashes;

/// <summary>A kernel said on its console that something is wrong with it.</summary>
/// <param name="Title">One line: on Linux as syzkaller titles crashes, "BUG: unable to handle kernel NULL pointer dereference in ring_write"; on macOS the panic string.</param>
/// <param name="Kind">What sort of thing went wrong.</param>
/// <param name="Severity">Whether the kernel can be trusted to go on.</param>
/// <param name="Function">Where it happened: the innermost function of a module, or of the kernel when no module took part. Null when unknown.</param>
/// <param name="Module">The module of that function, or the extension's bundle identifier; null when it is the kernel's own, or unknown.</param>
/// <param name="Text">The report as it was printed, bounded; control characters are replaced.</param>
public sealed partial record Crash(string Title, CrashKind Kind, CrashSeverity Severity, string? Function, string? Module, IReadOnlyList<string> Text)
{
    /// <summary>What the text names in code, in the order of its lines.</summary>
    public IReadOnlyList<CrashPlace> Places { get; init; } = [];

    /// <summary>macOS: the extensions in the backtrace, and where they lay.</summary>
    public IReadOnlyList<CrashedExtension> Extensions { get; init; } = [];

    /// <summary>macOS: null where the report was cut before it.</summary>
    public CrashedKernel? Kernel { get; init; }

    /// <summary>Linux: as <c>uname -r</c> prints it; null where the report does not tell.</summary>
    public string? Release { get; init; }

    /// <summary>Linux: the letters of the kernel's taints when it crashed, G left out, as in "WOE"; empty where it had none or does not tell.</summary>
    public string Taints { get; init; } = "";

    /// <summary>macOS: where in its extension it happened, in bytes from the extension's start, for kernels that keep no names of functions; null where unknown.</summary>
    public ulong? Offset { get; init; }

    /// <summary>Whether the kernel had crashed or warned before this crash, which may be a mere consequence.</summary>
    public bool IsLater => Taints.AsSpan().IndexOfAny('D', 'W') >= 0;

    /// <summary>Whether something took longer than the kernel found right: a busy host may be all the reason.</summary>
    public bool MeasuresTime => Kind is CrashKind.SoftLockup or CrashKind.HardLockup or CrashKind.RcuStall or CrashKind.HungTask;

    /// <summary>The same for the same crash at another time, address, process and CPU.</summary>
    public string Fingerprint =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Kind}\n{Numbers().Replace(Title, "N")}\n{Module}\n{Function ?? Offset?.ToString(CultureInfo.InvariantCulture)}")))[..16];

    /// <summary>The title, and who did it where that is known: "BUG: ... in ring_write [ring]".</summary>
    public string Summary => Module is null ? Title : $"{Title} [{Module}]";

    // Numbers that stand alone; those in a name (vfs_write64) belong to it.
    [GeneratedRegex(@"\b(0x[0-9a-fA-F]+|[0-9a-f]{8,}|\d+)\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Numbers();
}

public enum CrashSeverity
{
    /// <summary>The kernel goes on and says that something is wrong.</summary>
    Warning,

    /// <summary>The kernel stopped, or killed a task in the middle of its own code.</summary>
    Fatal,
}

public enum CrashKind
{
    Panic,
    NullDereference,
    PageFault,
    GeneralProtection,

    /// <summary>BUG() was reached.</summary>
    Bug,

    /// <summary>Another exception in kernel mode.</summary>
    Oops,
    StackOverflow,

    /// <summary>WARN() was reached.</summary>
    Warning,
    SoftLockup,
    HardLockup,
    RcuStall,
    HungTask,
    BadPage,

    /// <summary>Something that may sleep was called where nothing may.</summary>
    AtomicSleep,
    ListCorruption,

    /// <summary>The slab allocator found a double free or an overwritten object.</summary>
    SlabCorruption,

    /// <summary>KASAN, KFENCE, KCSAN, KMSAN, UBSAN, kmemleak.</summary>
    Sanitizer,

    /// <summary>The lock validator, or a lock that is none.</summary>
    Lockdep,

    /// <summary>A line that begins with "BUG:" and is none of these.</summary>
    Other,
}
