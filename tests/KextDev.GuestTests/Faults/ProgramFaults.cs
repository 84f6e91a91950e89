using System.Text.RegularExpressions;
using KextDev.Testing;

namespace KextDev.GuestTests.Faults;

/// <summary>What a test program does to the run, and to its guest; and a module that leaks, which takes as long.</summary>
internal static class ProgramFaults
{
    private const int Mebibyte = 1024 * 1024;

    public static IReadOnlyList<Scenario> All =>
    [
        new(
            ["nothing", "half_a_line", "long_line", "no_utf8", "escapes", "ignore_the_end", "alone", "clock", "fill", "flood", "pass"],
            Fault.OfTest("a test prints nothing", "nothing", "failed", "The program reported nothing"),
            Fault.OfTest("it ends in the middle of a line", "half_a_line", "failed", "The result 'ok' is malformed"),
            Fault.OfTest("it prints 10 MiB without a line's end", "long_line", "passed").With(Bounded),
            Fault.OfTest("it prints what is no UTF-8", "no_utf8", "failed", "is no text"),
            Fault.OfTest("it prints escapes of terminals and markup", "escapes", "failed").With(run => "terminal, XML and JSON are unharmed"),
            Fault.OfTest("it ignores SIGTERM", "ignore_the_end", "timedOut", "took longer than its limit of 3 s; the kernel still answers"),
            Fault.OfTest("is any of its processes left", "alone", "passed"),
            Fault.OfTest("the guest's clock jumps by 400 days and back", "clock", "passed"),
            Fault.OfTest("the guest's disk is full", "fill", "passed"),
            Fault.OfTest("the console is flooded with 100 MiB", "flood", "passed").With(Flooded),
            Fault.OfTest("the rest of the plan after all these programs", "pass", "passed"))
        {
            StrikeAsync = FloodAsync,
        },
        new(["pass"], Fault.OfRun("the guest has no room for the module", "infrastructure", "No space left on device"))
        {
            Arguments = checkout => ["--cold", "--guest", checkout.WriteGuest("mount -t tmpfs -o size=16k tmpfs /tmp")],
        },
        new(["use"], Fault.OfRun("the module loses 1 MiB each time that it is loaded", "failed", "leak leaks: with each loading and unloading the kernel holds more").With(Growing))
        {
            Project = "leak",
            Arguments = _ => ["--leak-cycles", "8"],
        },
    ];

    private static string Growing(FinishedRun run)
    {
        var growth = new Regex(@"which is 1,0\d\d(\.\d)? KiB a cycle \(\+2,\d{3}, ", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10)).Match(run.Failure);
        growth.Success.ShouldBeTrue(run.Failure);
        run.Test("use").Verdict.ShouldBe("passed");
        return growth.Value.Split(" (")[0];
    }

    private static string Bounded(FinishedRun run)
    {
        run.Lines("long_line").ShouldContain(line => line.EndsWith("more characters in this line were dropped]", StringComparison.Ordinal));
        run.Lines("long_line").ShouldAllBe(line => line.Length < 70_000);
        return "of the line 64 Ki are kept";
    }

    private static string Flooded(FinishedRun run)
    {
        new FileInfo(Path.Combine(run.Folder!, "embedded", "console.log")).Length.ShouldBe(ConsoleFile.MostCopied);
        run.Size.ShouldBeLessThan(60 * Mebibyte);
        return $"the run's folder takes {run.Size / Mebibyte} MiB";
    }

    // The guest itself floods with what its serial port carries; the host adds the rest to the same file, as QEMU does.
    private static async Task FloodAsync(FaultCheckout checkout, FaultyRun run)
    {
        await run.HeardAsync("testStarted", "\"flood\"");
        var line = $"<6>flood {new string('.', 110)}\n";
        var piece = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(line, Mebibyte / line.Length)));
        await using var console = new FileStream(Path.Combine(checkout.State.Guests, "embedded", "console.log"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        for (var written = 0L; written < 100 * Mebibyte; written += piece.Length)
        {
            await console.WriteAsync(piece);
        }
    }
}
