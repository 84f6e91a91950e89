using System.Globalization;
using System.Text.RegularExpressions;

namespace KextDev.Crashes;

/// <summary>One line of a Linux console.</summary>
/// <param name="Text">What the kernel said, without its time and caller; the whole line when it has no time.</param>
/// <param name="Whole">The line as it was, bounded, control characters replaced.</param>
/// <param name="Time">Seconds since boot; null when the line has none, as the output of programs.</param>
internal sealed partial record ConsoleLine(string Text, string Whole, double? Time)
{
    private const int MostCharacters = 1000;

    public static ConsoleLine Parse(string line)
    {
        var whole = line.AsSpan(0, Bound(line)).TrimEnd("\r\n").ToString();
        whole = whole.Any(c => char.IsControl(c)) ? string.Concat(whole.Select(c => char.IsControl(c) ? c == '\t' ? ' ' : '?' : c)) : whole;
        var match = Stamp().Match(whole);
        return match.Success
            ? new ConsoleLine(whole[(match.Index + match.Length)..], whole, double.Parse(match.Groups["time"].ValueSpan, CultureInfo.InvariantCulture))
            : new ConsoleLine(Prefix().Replace(whole, ""), whole, null);
    }

    // Half of a character that takes two can be written to no file.
    private static int Bound(string line) =>
        line.Length <= MostCharacters ? line.Length : char.IsHighSurrogate(line[MostCharacters - 1]) ? MostCharacters - 1 : MostCharacters;

    // "<4>[    1.234567][   T12] text": the level only in raw logs, the caller (thread or CPU) only on some kernels.
    // Not anchored: a program's unfinished line may stand before it.
    [GeneratedRegex(@"\[ {0,8}(?<time>\d{1,8}\.\d{6})\]( ?\[ {0,8}[TC]\d{1,10}\])? ?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Stamp();

    // What stands before the kernel's text where its own time does not: the level of a raw log, the date of dmesg -T, what a system's log says of each line.
    [GeneratedRegex(
        @"^(<\d{1,3}>|\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] |([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,30}) \S{1,64} kernel: )",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Prefix();
}
