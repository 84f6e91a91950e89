using System.Text.RegularExpressions;
using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>What tells one start of a macOS kernel from another.</summary>
internal static partial class BootName
{
    public static async Task<string> ReadAsync(GuestShell shell, CancellationToken cancellationToken) =>
        Parse((await shell.RunAsync("sysctl -n kern.bootsessionuuid kern.boottime", cancellationToken)).Output);

    /// <param name="output">Of sysctl: kern.bootsessionuuid, where the release has it, and kern.boottime.</param>
    /// <returns>The UUID; else the time, which moves also when the clock is set. Empty where neither is told.</returns>
    public static string Parse(string output) =>
        Session().Match(output) is { Success: true } session ? session.Value
        : Time().Match(output) is { Success: true } time ? $"{time.Groups["sec"].Value}.{time.Groups["usec"].Value}"
        : "";

    [GeneratedRegex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Session();

    // "{ sec = 1604000000, usec = 123456 } Thu Oct 29 19:33:20 2020"
    [GeneratedRegex(@"sec = (?<sec>\d{1,19}), usec = (?<usec>\d{1,9})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Time();
}
