using System.Text.RegularExpressions;
using KextDev.Crashes;

namespace KextDev.Tests.Crashes;

/// <summary>
/// Panics of macOS as its kernel prints them and as they stand in .panic files, in the forms of 10.9 to 11, and of kexthost, which prints the same.
/// The corpus has the header lines of the Linux one.
/// </summary>
public sealed partial class PanicReportTests
{
    private static readonly string s_corpus = Path.Combine(Repository.Root, "tests", "KextDev.Tests", "Crashes", "corpus", "darwin");

    public static TheoryData<string> Samples => [.. Directory.GetFiles(s_corpus).Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Finds_the_panics_of_a_console(string sample)
    {
        var (expected, text) = Read(sample);

        Describe(Scan(text)).ShouldBe(expected);
        Describe(Scan(text.Select(line => line + "\r"))).ShouldBe(expected);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Gives_the_same_fingerprint_at_other_addresses(string sample)
    {
        var text = Read(sample).Text;
        var other = text.Select(line => Address().Replace(line, address => address.Value.Replace("0x", "0x1", StringComparison.Ordinal)));

        Scan(other).Select(crash => crash.Fingerprint).ShouldBe(Scan(text).Select(crash => crash.Fingerprint));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Survives_a_console_that_is_cut_anywhere(string sample)
    {
        var (expected, text) = Read(sample);
        for (var lines = 0; lines <= text.Count; lines++)
        {
            Scan(text.Take(lines)).Count.ShouldBeLessThanOrEqualTo(expected.Count);
        }
    }

    [Theory]
    [InlineData("panic", "work")]
    [InlineData("page-fault", "work")]
    [InlineData("double-free", "work")]
    [InlineData("release-11", "ring_unlock")]
    [InlineData("release-10.12", null)]
    public void Names_the_extensions_own_function_where_the_kernel_kept_the_symbols(string sample, string? function) =>
        Scan(Read(sample).Text).First().Function.ShouldBe(function);

    [Fact]
    public void Keeps_the_report_and_nothing_of_what_the_console_says_after_it()
    {
        var crash = Scan(Read("panic").Text).ShouldHaveSingleItem();

        crash.Text[0].ShouldStartWith("panic(cpu 0 caller 0x");
        crash.Text.ShouldContain(line => line.StartsWith("Darwin Kernel Version 19.6.0"));
        crash.Text[^1].ShouldBe("org.example.bad 1.0");
        crash.Summary.ShouldBe("bad: the answer is 42 [org.example.bad]");
    }

    [Fact]
    public void Sees_a_linux_kernels_panic_on_the_same_console() =>
        Scan(["KEXTDEV READY 4.61", "[   12.000000] Kernel panic - not syncing: sysrq triggered crash"])
            .ShouldHaveSingleItem().Title.ShouldBe("kernel panic: sysrq triggered crash");

    [Fact]
    public void Bounds_what_a_hostile_console_makes_it_keep()
    {
        var line = "panic(cpu 0 caller 0x1): \u001b[31m" + new string('x', 1_000_000);
        var frame = "0x1 : 0x2" + new string(' ', 100_000);
        var crash = Scan([line, "Backtrace", .. Enumerable.Repeat(frame, 2000)]).First();

        crash.Title.Length.ShouldBeLessThanOrEqualTo(200);
        crash.Title.ShouldNotContain('\u001b');
        crash.Text.Count.ShouldBe(400);
        crash.Text.ShouldAllBe(text => text.Length <= 1000);
    }

    private static (IReadOnlyList<string> Expected, IReadOnlyList<string> Text) Read(string sample)
    {
        var lines = File.ReadAllLines(Path.Combine(s_corpus, sample + ".txt")).ToList();
        var headers = lines.TakeWhile(line => line.Length > 0).ToList();
        var expected = headers.Chunk(4).Select(crash => string.Join('|', crash.Select(header => header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())));
        return ([.. expected], lines[(headers.Count + 1)..]);
    }

    private static List<string> Describe(IEnumerable<Crash> crashes) =>
        [.. crashes.Select(crash => $"{crash.Title}|{crash.Kind}|{crash.Severity}|{crash.Module}")];

    private static List<Crash> Scan(IEnumerable<string> text)
    {
        var scanner = new CrashScanner();
        var crashes = text.Select(scanner.Feed).ToList();
        return [.. crashes.Append(scanner.Complete()).OfType<Crash>()];
    }

    // Of a kernel's length; those that panics quote are shorter.
    [GeneratedRegex(@"0x[0-9a-f]{10,15}\b", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Address();
}
