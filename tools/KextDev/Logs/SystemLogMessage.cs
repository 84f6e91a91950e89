using System.Globalization;
using System.Text.RegularExpressions;
using KextDev.Events;

namespace KextDev.Logs;

/// <summary>A message that no reader of the log channel took, as the extension left it in the system log: "NAME: LEVEL PID/TID #SEQUENCE: TEXT".</summary>
public sealed partial record SystemLogMessage(MessageLevel Level, long Process, long Thread, long Sequence, string Text)
{
    /// <param name="text">A line without its time.</param>
    /// <param name="extension">The name by which the kernel knows the extension; of a bundle's identifier the last part will do.</param>
    /// <returns>Null for what is no such line, or another extension's.</returns>
    public static SystemLogMessage? Parse(string text, string extension)
    {
        var match = Form().Match(text);
        if (!match.Success || match.Groups["name"].Value is not { } name || (name != extension && name != extension[(extension.LastIndexOf('.') + 1)..]))
        {
            return null;
        }

        return Number(match, "pid") is { } process && Number(match, "tid") is { } thread && Number(match, "sequence") is { } sequence
            ? new SystemLogMessage(Enum.Parse<MessageLevel>(match.Groups["level"].ValueSpan, ignoreCase: true), process, thread, sequence, match.Groups["text"].Value)
            : null;
    }

    private static long? Number(Match match, string name) =>
        long.TryParse(match.Groups[name].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(
        @"\A(?<name>[A-Za-z0-9_.-]{1,64}): (?<level>trace|debug|info|warning|error) (?<pid>-?\d{1,19})/(?<tid>\d{1,20}) #(?<sequence>\d{1,19}): (?<text>.*)\z",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
