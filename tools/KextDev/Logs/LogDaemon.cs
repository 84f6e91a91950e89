using System.Globalization;
using KextDev.Events;
using KextDev.Processes;

namespace KextDev.Logs;

/// <summary>kextlogd in a guest: the command that starts it.</summary>
/// <param name="Path">Where it lies there.</param>
/// <param name="Channel">That it opens: a device's path, or a kernel control's name.</param>
public sealed record LogDaemon(string Path, string Channel)
{
    /// <summary>Prints its process's number, then messages as JSON lines until it is told to end; waits by itself while the extension is not loaded.</summary>
    public string Command(MessageLevel level) =>
        $"echo $$; exec {ShellWord.Quote(Path)} --format json --level {level.ToString().ToLowerInvariant()} {ShellWord.Quote(Channel)}";

    /// <summary>Asks it to end: it prints what it has, and its last counts.</summary>
    public static string EndCommand(long process) => string.Create(CultureInfo.InvariantCulture, $"kill -TERM {process}");
}
