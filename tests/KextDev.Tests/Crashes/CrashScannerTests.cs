using System.Globalization;
using System.Text.RegularExpressions;
using KextDev.Crashes;

namespace KextDev.Tests.Crashes;

/// <summary>
/// The Linux corpus: consoles of a Debian 6.1 guest that really crashed, by a module made to break. A file has four header lines for each crash
/// (TITLE, KIND, SEVERITY, MODULE), an empty line, and the text; no header means that there is no crash in it.
/// </summary>
public sealed partial class CrashScannerTests
{
    private static readonly string s_corpus = Path.Combine(Repository.Root, "tests", "KextDev.Tests", "Crashes", "corpus", "linux");

    public static TheoryData<string> Samples => [.. Directory.GetFiles(s_corpus).Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Finds_the_crashes_of_a_console(string sample)
    {
        var (expected, text) = Read(sample);

        Describe(Scan(text)).ShouldBe(expected);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Finds_the_same_on_a_console_with_callers_levels_and_carriage_returns(string sample)
    {
        var (expected, text) = Read(sample);

        Describe(Scan(text.Select(line => Stamp().Replace(line, "<4>$0[   T97]") + "\r"))).ShouldBe(expected);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Gives_the_same_fingerprint_at_another_time_address_process_and_processor(string sample)
    {
        var text = Read(sample).Text;
        var other = text
            .Select(line => Stamp().Replace(line, stamp => string.Create(CultureInfo.InvariantCulture, $"[{double.Parse(stamp.Groups["time"].ValueSpan, CultureInfo.InvariantCulture) + 5000:F6}]")))
            .Select(line => Address().Replace(line, "ffff888012345678"))
            .Select(line => line.Replace("PID: ", "PID: 7", StringComparison.Ordinal).Replace("CPU: ", "CPU: 1", StringComparison.Ordinal).Replace("CPU#", "CPU#1", StringComparison.Ordinal));

        Scan(other).Select(crash => crash.Fingerprint).ShouldBe(Scan(text).Select(crash => crash.Fingerprint));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Survives_a_console_that_is_cut_anywhere(string sample)
    {
        var (expected, text) = Read(sample);
        var titles = new HashSet<string>();
        for (var lines = 0; lines <= text.Count; lines++)
        {
            titles.UnionWith(Scan(text.Take(lines)).Select(crash => crash.Kind.ToString()));
        }

        titles.ShouldBe(expected.Select(crash => crash.Split('|')[1]).Distinct(), ignoreOrder: true);
    }

    [Fact]
    public void Different_crashes_have_different_fingerprints() =>
        new[] { "gpf", "fault", "bug", "work", "timer", "sysrq", "exit-init", "warn-text" }.Select(sample => Scan(Read(sample).Text)[0].Fingerprint).ShouldBeUnique();

    [Fact]
    public void Keeps_the_report_as_it_was_printed()
    {
        var crash = Scan(Read("gpf").Text).ShouldHaveSingleItem();

        crash.Text[0].ShouldContain("general protection fault, probably for non-canonical address");
        crash.Text.ShouldContain(line => line.Contains("RIP: 0010:wreck_read.isra.0+0xc/0x13 [wreck]"));
        crash.Text.ShouldNotContain(line => line.Contains("Switched to clocksource"));
    }

    [Fact]
    public void Tells_a_finished_report_at_once_and_an_unfinished_one_when_asked()
    {
        var scanner = new CrashScanner();
        var text = Read("warn-text").Text.ToList();
        var end = text.FindIndex(line => line.Contains("---[ end trace"));
        text.Take(end).Select(scanner.Feed).ShouldAllBe(crash => crash == null);

        scanner.IsReading.ShouldBeTrue();
        scanner.Feed(text[end])!.Kind.ShouldBe(CrashKind.Warning);
        scanner.IsReading.ShouldBeFalse();
        scanner.Complete().ShouldBeNull();

        scanner.Feed("[    9.000000] Kernel panic - not syncing: sysrq triggered crash").ShouldBeNull();
        scanner.Complete()!.Title.ShouldBe("kernel panic: sysrq triggered crash");
    }

    [Theory]
    [InlineData("Kernel panic - not syncing: sysrq triggered crash")]
    [InlineData("BUG: kernel NULL pointer dereference, address: 0000000000000000")]
    [InlineData("ok 3 kernel_panic_is_reported # Kernel panic - not syncing: x")]
    public void Does_not_take_a_programs_words_for_the_kernels(string line)
    {
        Scan(["[    1.000000] Run /init as init process", line]).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("user says: Oops, WARNING ahead")]
    [InlineData("sample: BUG: in the middle")]
    [InlineData("sample: Kernel panic - not syncing: quoted")]
    [InlineData("rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies.")]
    [InlineData("Out of memory: Killed process 90 (tail) total-vm:1kB")]
    [InlineData("------------[ cut here ]------------")]
    public void Does_not_take_ordinary_words_of_the_kernel_for_a_crash(string text) => Scan([$"[    1.000000] {text}"]).ShouldBeEmpty();

    // Forms that the guest's kernel is not configured to print; the lines are those of the kernel's own format strings.
    [Theory]
    [InlineData("BUG: KASAN: slab-out-of-bounds in osq_write+0x12/0x80 [osquery]", CrashKind.Sanitizer, "KASAN: slab-out-of-bounds in osq_write")]
    [InlineData("BUG: KFENCE: use-after-free read in osq_write+0x12/0x80 [osquery]", CrashKind.Sanitizer, "KFENCE: use-after-free read in osq_write")]
    [InlineData("UBSAN: array-index-out-of-bounds in linux/ring.c:12:3", CrashKind.Sanitizer, "UBSAN: array-index-out-of-bounds")]
    [InlineData("WARNING: possible circular locking dependency detected", CrashKind.Lockdep, "WARNING: possible circular locking dependency detected")]
    [InlineData("WARNING: suspicious RCU usage", CrashKind.Lockdep, "WARNING: suspicious RCU usage")]
    [InlineData("NMI watchdog: Watchdog detected hard LOCKUP on cpu 3", CrashKind.HardLockup, "hard lockup")]
    [InlineData("BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580", CrashKind.AtomicSleep, "BUG: sleeping function called from invalid context")]
    [InlineData("BUG: Bad page state in process insmod  pfn:02a3c", CrashKind.BadPage, "BUG: Bad page state")]
    [InlineData("rcu: INFO: rcu_preempt self-detected stall on CPU", CrashKind.RcuStall, "INFO: rcu detected stall")]
    [InlineData("PANIC: double fault, error_code: 0x0", CrashKind.Oops, "double fault")]
    [InlineData("BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 34s!", CrashKind.Other, "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 34s!")]
    public void Knows_forms_that_need_another_kernel(string line, CrashKind kind, string title)
    {
        var crash = Scan([$"[    1.000000] {line}"]).ShouldHaveSingleItem();

        crash.Kind.ShouldBe(kind);
        crash.Title.ShouldBe(title);
    }

    [Fact]
    public void Reads_a_console_without_times()
    {
        var text = Read("gpf").Text.Select(line => Stamp().Replace(line, "").TrimStart());

        Scan(text).ShouldContain(crash => crash.Title == "general protection fault in wreck_read");
    }

    [Fact]
    public void Takes_a_kernels_line_that_follows_a_programs_unfinished_one() =>
        Scan(["progress 40/100[   12.000000] Kernel panic - not syncing: sysrq triggered crash"]).ShouldHaveSingleItem().Kind.ShouldBe(CrashKind.Panic);

    [Fact]
    public void Bounds_what_a_hostile_console_makes_it_keep()
    {
        var line = "[    1.000000] BUG: \u001b[31m" + new string('x', 1_000_000);
        var crash = Scan(Enumerable.Repeat(line, 1200)).First();

        crash.Title.Length.ShouldBeLessThan(200);
        crash.Title.ShouldNotContain('\u001b');
        crash.Text.Count.ShouldBe(300);
        crash.Text.ShouldAllBe(text => text.Length <= 1000);
    }

    private static (IReadOnlyList<string> Expected, IReadOnlyList<string> Text) Read(string sample)
    {
        var lines = File.ReadAllLines(Path.Combine(s_corpus, sample + ".txt")).ToList();
        var headers = lines.TakeWhile(line => line.Length > 0).ToList();
        var expected = headers.Chunk(4).Select(crash => string.Join('|', new[] { "TITLE", "KIND", "SEVERITY", "MODULE" }.Zip(crash, Value)));
        return ([.. expected], lines[(headers.Count + 1)..]);
    }

    private static string Value(string key, string header) =>
        header.StartsWith(key + ":", StringComparison.Ordinal) ? header[(key.Length + 1)..].Trim() : throw new FormatException($"'{header}' stands where {key} is expected.");

    private static List<string> Describe(IEnumerable<Crash> crashes) =>
        [.. crashes.Select(crash => $"{crash.Title}|{crash.Kind}|{crash.Severity}|{crash.Module}")];

    private static List<Crash> Scan(IEnumerable<string> text)
    {
        var scanner = new CrashScanner();
        var crashes = text.Select(scanner.Feed).ToList();
        return [.. crashes.Append(scanner.Complete()).OfType<Crash>()];
    }

    [GeneratedRegex(@"\[ *(?<time>\d+\.\d{6})\]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Stamp();

    [GeneratedRegex(@"\b[0-9a-f]{16}\b", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Address();
}
