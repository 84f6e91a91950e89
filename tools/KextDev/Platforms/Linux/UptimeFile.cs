using System.Globalization;

namespace KextDev.Platforms.Linux;

/// <summary>/proc/uptime: seconds with two digits behind the point, and what the processors idled.</summary>
internal static class UptimeFile
{
    /// <summary>The file cuts its last digit off: this is the middle of what it may mean.</summary>
    private const long HalfDigit = 5_000_000;

    /// <returns>Nanoseconds; null for what is no such file.</returns>
    public static long? Parse(string text) =>
        decimal.TryParse(text.Split(' ')[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1_000_000_000
            ? (long)(seconds * 1_000_000_000) + HalfDigit
            : null;
}
