using KextDev.Shells;

namespace KextDev.Platforms.Darwin;

internal static class CommandWords
{
    /// <summary>All that a command printed, without what the commands of 11 say of the program behind them; its exit code where that is nothing.</summary>
    public static string Of(ShellResult result)
    {
        var lines = (result.Error + "\n" + result.Output).Split('\n')
            .Select(line => line.TrimEnd('\r', ' '))
            .Where(line => line.Length > 0 && !line.StartsWith("Executing: ", StringComparison.Ordinal));
        var words = string.Join('\n', lines);
        return words.Length > 0 ? words : $"exit code {result.ExitCode}";
    }
}
