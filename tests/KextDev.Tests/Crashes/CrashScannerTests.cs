using System.Text.RegularExpressions;
using KextDev.Crashes;

namespace KextDev.Tests.Crashes;

/// <summary>What the corpus does not show of Linux consoles.</summary>
public sealed partial class CrashScannerTests
{
    [Fact]
    public void Keeps_the_report_as_it_was_printed()
    {
        var crash = CrashCorpus.Scan(CrashCorpus.Read("linux/gpf").Text).ShouldHaveSingleItem();

        crash.Text[0].ShouldContain("general protection fault, probably for non-canonical address");
        crash.Text.ShouldContain(line => line.Contains("RIP: 0010:wreck_read.isra.0+0xc/0x13 [wreck]"));
        crash.Text.ShouldNotContain(line => line.Contains("Switched to clocksource"));
    }

    [Fact]
    public void Tells_a_finished_report_at_once_and_an_unfinished_one_when_asked()
    {
        var scanner = new CrashScanner();
        var text = CrashCorpus.Read("linux/warn-text").Text.ToList();
        var end = text.FindIndex(line => line.Contains("---[ end trace"));
        text.Take(end).Select(scanner.Feed).ShouldAllBe(crash => crash == null);

        scanner.IsReading.ShouldBeTrue();
        scanner.Feed(text[end])!.Kind.ShouldBe(CrashKind.Warning);
        scanner.IsReading.ShouldBeFalse();
        scanner.Complete().ShouldBeNull();

        scanner.Feed("[    9.000000] Kernel panic - not syncing: sysrq triggered crash").ShouldBeNull();
        scanner.Complete()!.Title.ShouldBe("kernel panic: sysrq triggered crash");
    }

    [Fact]
    public void Ends_a_report_that_a_program_would_not_let_end()
    {
        var scanner = new CrashScanner();
        scanner.Feed("[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000000").ShouldBeNull();

        var crashes = Enumerable.Range(0, 3000).Select(number => scanner.Feed($"a program's line {number}")).OfType<Crash>().ToList();

        crashes.ShouldHaveSingleItem().Title.ShouldBe("BUG: unable to handle kernel NULL pointer dereference");
        scanner.IsReading.ShouldBeFalse();
    }

    [Theory]
    [InlineData("Kernel panic - not syncing: sysrq triggered crash")]
    [InlineData("BUG: kernel NULL pointer dereference, address: 0000000000000000")]
    [InlineData("ok 3 kernel_panic_is_reported # Kernel panic - not syncing: x")]
    public void Does_not_take_a_programs_words_for_the_kernels(string line)
    {
        CrashCorpus.Scan(["[    1.000000] Run /init as init process", line]).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("user says: Oops, WARNING ahead")]
    [InlineData("sample: BUG: in the middle")]
    [InlineData("sample: Kernel panic - not syncing: quoted")]
    [InlineData("rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies.")]
    [InlineData("Out of memory: Killed process 90 (tail) total-vm:1kB")]
    [InlineData("------------[ cut here ]------------")]
    public void Does_not_take_ordinary_words_of_the_kernel_for_a_crash(string text) => CrashCorpus.Scan([$"[    1.000000] {text}"]).ShouldBeEmpty();

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
    [InlineData("BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 34s!", CrashKind.Other, "BUG: workqueue lockup")]
    [InlineData("Oops: general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] PREEMPT SMP", CrashKind.GeneralProtection, "general protection fault")]
    [InlineData("Oops: divide error: 0000 [#1] SMP NOPTI", CrashKind.Oops, "divide error")]
    [InlineData("WARNING: /src/ring/ring.c:28 at ring_put+0x1c/0x40 [ring], CPU#1: closer/170", CrashKind.Warning, "WARNING in ring_put")]
    [InlineData("WARNING: writer/713 still has locks held!", CrashKind.Lockdep, "WARNING: task still has locks held!")]
    [InlineData("usercopy: Kernel memory exposure attempt detected from SLUB object 'ring' (offset 12, size 80)!", CrashKind.Bug, "usercopy: Kernel memory exposure attempt")]
    [InlineData("detected buffer overflow in memcpy", CrashKind.Bug, "buffer overflow in memcpy")]
    [InlineData("kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)", CrashKind.Sanitizer, "kmemleak: suspected memory leaks")]
    public void Knows_forms_that_need_another_kernel(string line, CrashKind kind, string title)
    {
        var crash = CrashCorpus.Scan([$"[    1.000000] {line}"]).ShouldHaveSingleItem();

        crash.Kind.ShouldBe(kind);
        crash.Title.ShouldBe(title);
    }

    [Fact]
    public void Tells_the_kernels_release_and_what_it_was_tainted_by_before()
    {
        var later = CrashCorpus.Scan(CrashCorpus.Read("linux/oops-after-warning").Text).ShouldHaveSingleItem();
        later.Release.ShouldBe("6.1.0-99-amd64");
        later.Taints.ShouldBe("WOE");
        later.IsLater.ShouldBeTrue();

        var first = CrashCorpus.Scan(CrashCorpus.Read("linux/gpf").Text).ShouldHaveSingleItem();
        first.Release.ShouldBe("6.1.0-56-cloud-amd64");
        first.Taints.ShouldBe("OE");
        first.IsLater.ShouldBeFalse();
        CrashCorpus.Scan(CrashCorpus.Read("linux/sysrq").Text)[0].Taints.ShouldBe("");
    }

    [Fact]
    public void Tells_which_build_a_place_lies_in_where_the_kernel_does()
    {
        var places = CrashCorpus.Scan(CrashCorpus.Read("linux/build-ids").Text).ShouldHaveSingleItem().Places.Cast<SymbolPlace>().ToList();

        const string Module = "89abcdef0123456789abcdef0123456789abcdef";
        places.Select(place => (place.Symbol, place.Module, place.BuildId, place.IsReturn)).ShouldBe(
            [("ring_fill", "ring", Module, false), ("ring_write", "ring", Module, true), ("vfs_write", null, "0123456789abcdef0123456789abcdef01234567", true)]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<4>")]
    [InlineData("[Sat Nov 21 17:02:34 2026] ")]
    [InlineData("Nov  1 07:02:34 bench kernel: ")]
    [InlineData("Nov 21 17:02:34 bench kernel: [   12.345678] ")]
    [InlineData("2026-11-21T17:02:34.123456+00:00 bench kernel: ")]
    public void Reads_a_log_without_the_kernels_times(string prefix)
    {
        var text = CrashCorpus.Read("linux/gpf").Text.Select(line => prefix + Stamp().Replace(line, "").TrimStart());

        CrashCorpus.Scan(text).ShouldContain(crash => crash.Title == "general protection fault in wreck_read");
    }

    [Fact]
    public void Takes_a_kernels_line_that_follows_a_programs_unfinished_one() =>
        CrashCorpus.Scan(["progress 40/100[   12.000000] Kernel panic - not syncing: sysrq triggered crash"]).ShouldHaveSingleItem().Kind.ShouldBe(CrashKind.Panic);

    [Fact]
    public void Bounds_what_a_hostile_console_makes_it_keep()
    {
        var line = "[    1.000000] BUG: \u001b[31m" + new string('x', 1_000_000);
        var crash = CrashCorpus.Scan(Enumerable.Repeat(line, 1200))[0];

        crash.Title.Length.ShouldBeLessThan(200);
        crash.Title.ShouldNotContain('\u001b');
        crash.Text.Count.ShouldBe(300);
        crash.Text.ShouldAllBe(text => text.Length <= 1000);
    }

    [Fact]
    public void Cuts_no_character_in_two()
    {
        const string Start = "[    1.000000] BUG: ";
        var line = Start + new string('x', 999 - Start.Length) + "\U0001F4A5";

        CrashCorpus.Scan(Enumerable.Repeat(line, 1200))[0].Text.ShouldAllBe(text => text == line.Substring(0, 999));
    }

    [GeneratedRegex(@"\[ *(?<time>\d+\.\d{6})\]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Stamp();
}
