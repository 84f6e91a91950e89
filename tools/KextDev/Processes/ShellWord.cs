using System.Text.RegularExpressions;

namespace KextDev.Processes;

/// <summary>Quoting for the POSIX shell.</summary>
public static partial class ShellWord
{
    /// <summary>The text as one word of a POSIX shell command; left as it is where no quoting is needed.</summary>
    public static string Quote(string text) =>
        Plain().IsMatch(text) ? text : $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"\A[A-Za-z0-9_@%+=:,./-]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plain();
}
