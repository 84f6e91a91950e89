using System.Globalization;
using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

/// <summary>A macOS guest's clock, in parts of a second: its date tells whole ones, its perl the rest.</summary>
internal static class DarwinClock
{
    // Where there is no perl, it is not a Mac.
    private const string Command = """
        perl -MTime::HiRes=time -e 'printf "%.9f\n", time' 2>/dev/null ||
        busybox adjtimex 2>/dev/null | awk '/tv_sec:/ { second = $2 } /tv_usec:/ { micro = $2 } END { printf "%s.%06d\n", second, micro }'
        """;

    public static async Task<long?> ReadAsync(GuestShell shell, CancellationToken cancellationToken) =>
        Parse((await shell.RunAsync(Command, cancellationToken)).Output);

    /// <returns>Nanoseconds since 1970; null where the guest tells whole seconds alone, in which much happens.</returns>
    internal static long? Parse(string text) =>
        text.Contains('.', StringComparison.Ordinal)
        && decimal.TryParse(text.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
        && seconds < 9_000_000_000
            ? (long)(seconds * 1_000_000_000)
            : null;
}
