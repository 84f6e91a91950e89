using System.Globalization;
using System.Text.RegularExpressions;

namespace KextDev.Platforms.Linux;

/// <summary>A line as dmesg prints it, "[   12.345678] text".</summary>
internal static partial class LinuxLogLine
{
    public static KernelLogLine Parse(string line)
    {
        var match = Form().Match(line);
        return match.Success
            ? new KernelLogLine(Nanoseconds(match.Groups["seconds"].Value, match.Groups["micros"].Value), match.Groups["text"].Value)
            : new KernelLogLine(Time: null, line);
    }

    private static long Nanoseconds(string seconds, string micros) =>
        (long.Parse(seconds, CultureInfo.InvariantCulture) * 1_000_000_000) + (long.Parse(micros, CultureInfo.InvariantCulture) * 1000);

    // A hundred years have ten digits. Some kernels name the caller behind the time: "[   12.345678] [    T1] ".
    [GeneratedRegex(@"\A\[ *(?<seconds>\d{1,10})\.(?<micros>\d{6})\](\[ *[TC]\d{1,10}\])? ?(?<text>.*)\z", RegexOptions.ExplicitCapture | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
