using KextDev.Crashes;

namespace KextDev.Tests.Crashes;

/// <summary>What the corpus does not show of macOS panics.</summary>
public sealed class PanicReportTests
{
    [Fact]
    public void Tells_where_everything_lay()
    {
        var crash = CrashCorpus.Scan(CrashCorpus.Read("darwin/release-10.13-library").Text).ShouldHaveSingleItem();

        crash.Kernel.ShouldBe(new CrashedKernel(Guid.Parse("1AE5ACFD-3B6F-3D74-AD52-31F1430DBC6F"), 0xd400000));
        crash.Extensions.ShouldBe(
        [
            new CrashedExtension("org.example.ring", "2.1", Guid.Parse("0F2A6C11-5E7B-3C55-9C1A-3F0E11D2A001"), 0xffffff7f909f0000, 0xffffff7f909f9fff),
            new CrashedExtension("org.example.tape", "3.2", Guid.Parse("9B1D3C70-41F2-3D0A-8E33-7A55C0DE0002"), 0xffffff7f90a12000, 0xffffff7f90a1bfff),
        ]);

        // The instruction, in the registers and in the backtrace; all others are where calls return to.
        var places = crash.Places.Cast<AddressPlace>().ToList();
        places.Where(place => !place.IsReturn).Select(place => place.Address).ShouldBe([0xffffff7f90a14c3b, 0xffffff7f90a14c3b]);
        places.Count.ShouldBe(8);
        crash.Text[places[0].Line].ShouldStartWith("RFL: ");
    }

    [Fact]
    public void Tells_two_crashes_of_an_extension_apart_whose_functions_have_no_names()
    {
        var crash = CrashCorpus.Scan(CrashCorpus.Read("darwin/release-10.15-recursion").Text).ShouldHaveSingleItem();

        crash.Function.ShouldBeNull();
        crash.Offset.ShouldBe(0x3a2bul);
    }

    [Fact]
    public void Keeps_the_report_and_nothing_of_what_the_console_says_after_it()
    {
        var crash = CrashCorpus.Scan(CrashCorpus.Read("darwin/panic").Text).ShouldHaveSingleItem();

        crash.Text[0].ShouldStartWith("panic(cpu 0 caller 0x");
        crash.Text.ShouldContain(line => line.StartsWith("Darwin Kernel Version 19.6.0"));
        crash.Text[^1].ShouldBe("org.example.bad 1.0");
        crash.Summary.ShouldBe("bad: the answer is 42 [org.example.bad]");
    }

    [Fact]
    public void Sees_a_linux_kernels_panic_on_the_same_console() =>
        CrashCorpus.Scan(["KEXTDEV READY 4.61", "[   12.000000] Kernel panic - not syncing: sysrq triggered crash"])
            .ShouldHaveSingleItem().Title.ShouldBe("kernel panic: sysrq triggered crash");

    [Fact]
    public void Bounds_what_a_hostile_console_makes_it_keep()
    {
        var line = "panic(cpu 0 caller 0x1): \u001b[31m" + new string('x', 1_000_000);
        var frame = "0x1 : 0x2" + new string(' ', 100_000);
        var crash = CrashCorpus.Scan([line, "Backtrace", .. Enumerable.Repeat(frame, 2000)])[0];

        crash.Title.Length.ShouldBeLessThanOrEqualTo(200);
        crash.Title.ShouldNotContain('\u001b');
        crash.Text.Count.ShouldBe(400);
        crash.Text.ShouldAllBe(text => text.Length <= 1000);
    }
}
