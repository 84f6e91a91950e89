using System.Globalization;
using System.Text.RegularExpressions;

namespace KextDev.Platforms.Darwin;

/// <summary>A line as "log show --style syslog" prints it: "2026-11-21 23:31:00.123456+0000  localhost kernel[0]: (com.example.mykext) text".</summary>
internal static partial class UnifiedLogLine
{
    public static KernelLogLine Parse(string line)
    {
        var match = Form().Match(line);
        return match.Success && DateTimeOffset.TryParse(match.Groups["time"].ValueSpan, CultureInfo.InvariantCulture, out var time)
            ? new KernelLogLine((time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick, match.Groups["text"].Value)
            : new KernelLogLine(Time: null, line);
    }

    [GeneratedRegex(
        @"\A(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}[+-]\d\d:?\d\d) +\S+ +kernel\[0\]: (<[A-Za-z]+>: )?(\([^()]{1,128}\) )?(?<text>.*)\z",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
