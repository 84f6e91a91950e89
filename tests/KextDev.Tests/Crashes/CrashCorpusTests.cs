using System.Globalization;
using System.Text.RegularExpressions;
using KextDev.Crashes;

namespace KextDev.Tests.Crashes;

/// <summary>All files of the corpus.</summary>
public sealed partial class CrashCorpusTests
{
    private const ulong Slide = 0x1400000;

    [Theory]
    [MemberData(nameof(CrashCorpus.All), MemberType = typeof(CrashCorpus))]
    public void Finds_the_crashes(string name)
    {
        var sample = CrashCorpus.Read(name);

        CrashCorpus.Scan(sample.Text).Select(CrashCorpus.Describe).ShouldBe(sample.Expected);
        CrashCorpus.Scan(sample.Text.Select(line => line + "\r")).Select(CrashCorpus.Describe).ShouldBe(sample.Expected);
    }

    [Theory]
    [MemberData(nameof(CrashCorpus.Linux), MemberType = typeof(CrashCorpus))]
    public void Finds_the_same_on_a_console_with_callers_and_levels(string name)
    {
        var sample = CrashCorpus.Read(name);

        CrashCorpus.Scan(sample.Text.Select(line => Stamp().Replace(line, "<4>$0[   T97]"))).Select(CrashCorpus.Describe).ShouldBe(sample.Expected);
    }

    [Theory]
    [MemberData(nameof(CrashCorpus.All), MemberType = typeof(CrashCorpus))]
    public void Gives_the_same_fingerprint_at_another_time_address_process_and_processor(string name)
    {
        var text = CrashCorpus.Read(name).Text;

        CrashCorpus.Scan(text.Select(line => CrashCorpus.IsLinux(name) ? MoveLinux(line) : MoveDarwin(line))).Select(crash => crash.Fingerprint)
            .ShouldBe(CrashCorpus.Scan(text).Select(crash => crash.Fingerprint));
    }

    [Fact]
    public void Crashes_are_one_where_the_corpus_says_so_and_nowhere_else()
    {
        var all = (
            from name in CrashCorpus.Names
            let sample = CrashCorpus.Read(name)
            from found in CrashCorpus.Scan(sample.Text).Zip(sample.SameAs)
            let what = found.Second is null ? CrashCorpus.Describe(found.First) : CrashCorpus.Read(found.Second).Expected[0]
            select (Name: name, found.First.Fingerprint, What: WithoutSeverity(what))).ToList();

        foreach (var one in all.GroupBy(crash => crash.Fingerprint, StringComparer.Ordinal))
        {
            one.Select(crash => crash.What).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem(string.Join(", ", one.Select(crash => crash.Name)));
        }

        foreach (var one in all.GroupBy(crash => crash.What, StringComparer.Ordinal))
        {
            one.Select(crash => crash.Fingerprint).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem(string.Join(", ", one.Select(crash => crash.Name)));
        }
    }

    [Theory]
    [MemberData(nameof(CrashCorpus.All), MemberType = typeof(CrashCorpus))]
    public void Survives_text_that_is_cut_anywhere(string name)
    {
        var sample = CrashCorpus.Read(name);
        if (PanicFile.Matches(sample.Text[0]))
        {
            var whole = string.Join('\n', sample.Text);
            Enumerable.Range(0, 50).Select(part => whole[..(whole.Length * part / 50)]).ShouldAllBe(text => IsNoReport(text));
            return;
        }

        var kinds = new HashSet<string>();
        for (var lines = 0; lines <= sample.Text.Count; lines++)
        {
            var found = CrashCorpus.Scan(sample.Text.Take(lines));
            kinds.UnionWith(found.Select(crash => crash.Kind.ToString()));
            found.Count.ShouldBeLessThanOrEqualTo(sample.Expected.Count + 1);
        }

        // A panic of macOS tells its kind a line after its beginning.
        sample.Expected.Select(crash => crash.Split('|')[^4]).ShouldBeSubsetOf(kinds);
        if (CrashCorpus.IsLinux(name))
        {
            kinds.ShouldBe(sample.Expected.Select(crash => crash.Split('|')[^4]).Distinct(), ignoreOrder: true);
        }
    }

    // What a guest does not print by accident, somebody may by intent.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Survives_any_mixture_of_all_texts(int seed)
    {
        var random = new Random(seed);
        var lines = CrashCorpus.Names.SelectMany(name => CrashCorpus.Read(name).Text).ToArray();
        const string Spice = "[]()+:@ \t\0\u001b\ud800%{}0x9f";
        for (var round = 0; round < 50; round++)
        {
            var text = random.GetItems(lines, 200).Select(line => random.Next(3) == 0 ? Spoil(line) : line);

            foreach (var crash in CrashCorpus.Scan(text.Prepend("")))
            {
                crash.Fingerprint.Length.ShouldBe(16);
                crash.Text.Count.ShouldBeLessThanOrEqualTo(400);
                crash.Places.ShouldAllBe(place => place.Line >= 0 && place.Line < crash.Text.Count);
            }
        }

        string Spoil(string line)
        {
            var at = random.Next(line.Length + 1);
            return random.Next(3) switch
            {
                0 => line[..at],
                1 => line[at..],
                _ => line.Insert(at, new string(Spice[random.Next(Spice.Length)], random.Next(1, 2000))),
            };
        }
    }

    [Theory]
    [MemberData(nameof(CrashCorpus.All), MemberType = typeof(CrashCorpus))]
    public void Names_places_on_lines_that_hold_them(string name)
    {
        foreach (var crash in CrashCorpus.Scan(CrashCorpus.Read(name).Text))
        {
            foreach (var place in crash.Places)
            {
                crash.Text[place.Line].ShouldContain(place switch
                {
                    SymbolPlace symbol => $"{symbol.Symbol}+0x{symbol.Offset:x}/0x{symbol.Size:x}",
                    AddressPlace address => address.Address.ToString("x", CultureInfo.InvariantCulture),
                    _ => throw new InvalidOperationException(),
                });
            }
        }
    }

    // A warning that a kernel is told to die of is the same warning.
    private static string WithoutSeverity(string crash) => crash.Split('|') is [.. var before, _, var module, var function] ? string.Join('|', [.. before, module, function]) : crash;

    private static bool IsNoReport(string text)
    {
        try
        {
            PanicFile.Read(text);
            return false;
        }
        catch (FormatException)
        {
            return true;
        }
    }

    private static string MoveLinux(string line)
    {
        var later = Stamp().Replace(line, stamp => string.Create(CultureInfo.InvariantCulture, $"[{double.Parse(stamp.Groups["time"].ValueSpan, CultureInfo.InvariantCulture) + 5000:F6}]"));
        return LinuxAddress().Replace(later, "ffff888012345678")
            .Replace("PID: ", "PID: 7", StringComparison.Ordinal).Replace("CPU: ", "CPU: 1", StringComparison.Ordinal).Replace("CPU#", "CPU#1", StringComparison.Ordinal);
    }

    // As another slide of the kernel does: all addresses by the same, whatever is no address stays.
    private static string MoveDarwin(string line) => DarwinAddress().Replace(line, address =>
        ulong.Parse(address.Groups["digits"].ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) is var value && value > uint.MaxValue
            ? "0x" + (value + Slide).ToString("x", CultureInfo.InvariantCulture).PadLeft(address.Groups["digits"].Length, '0')
            : address.Value);

    [GeneratedRegex(@"\[ *(?<time>\d+\.\d{6})\]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Stamp();

    [GeneratedRegex(@"\b[0-9a-f]{16}\b", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LinuxAddress();

    [GeneratedRegex(@"0x(?<digits>[0-9a-f]{10,16})\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DarwinAddress();
}
