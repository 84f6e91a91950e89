using System.Globalization;
using KextDev.Events;
using KextDev.Platforms;
using KextDev.Processes;

namespace KextDev.Logs;

/// <summary>kextlogd in a guest: the commands that start it.</summary>
/// <param name="Path">Where it lies there.</param>
/// <param name="Channel">That it opens: a device's path, or a kernel control's name.</param>
public sealed record LogDaemon(string Path, string Channel)
{
    /// <summary>What an extension logs unless it is told to log more.</summary>
    private const MessageLevel Usual = MessageLevel.Info;

    /// <summary>
    /// Prints its process's number, then messages as JSON lines until it is told to end; waits by itself while the extension is not loaded.
    /// Where more than the usual is wanted, it tells the extension so each time that it is loaded.
    /// </summary>
    public string Command(MessageLevel level)
    {
        var settings = ShellWord.Quote(Path + ".conf");
        return level < Usual
            ? $"echo 'kernel-level = {Word(level)}' >{settings}; echo $$; exec {Program(level)} --config {settings} {ShellWord.Quote(Channel)}"
            : $"echo $$; exec {Program(level)} {ShellWord.Quote(Channel)}";
    }

    /// <summary>
    /// Prints messages for a person who watches. An extension that logs less than is wanted logs more, until the daemon ends, however it ends.
    /// </summary>
    public string WatchCommand(MessageLevel level, LogLevelCommands extension)
    {
        var less = string.Join('|', extension.Values.Skip((int)level).Append(extension.Off).Select(ShellWord.Quote));
        return $$"""
            trap : TERM INT HUP
            before=$({{extension.Read}} 2>/dev/null)
            case $before in
            {{less}})
              trap 'level=$before; { {{extension.Set}}; } >/dev/null' EXIT
              level={{ShellWord.Quote(extension.Values[(int)level - 1])}}
              { {{extension.Set}}; } >/dev/null
            esac
            {{Program(level)}} {{ShellWord.Quote(Channel)}}
            """;
    }

    /// <summary>Asks it to end: it prints what it has, and its last counts.</summary>
    public static string EndCommand(long process) => string.Create(CultureInfo.InvariantCulture, $"kill -TERM {process}");

    private string Program(MessageLevel level) => $"{ShellWord.Quote(Path)} --format json --level {Word(level)}";

    private static string Word(MessageLevel level) => level.ToString().ToLowerInvariant();
}
