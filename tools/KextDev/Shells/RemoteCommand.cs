using KextDev.Processes;

namespace KextDev.Shells;

/// <summary>
/// Makes a command end with its SSH session. A server leaves a program running when its session goes away, so a shell in the guest stands watch:
/// it waits for the end of the session's standard input, which comes when we cancel, when the connection breaks and when we die,
/// and then ends the program with all its descendants: SIGTERM, and SIGKILL a second later.
/// </summary>
/// <remarks>
/// The program gets a session, and so a process group, of its own by setsid. macOS lacks setsid, but its SSH server makes the session's own group.
/// The program reads an empty standard input.
/// </remarks>
internal static class RemoteCommand
{
    private const string Watch = """
        exec 3<&0
        if command -v setsid >/dev/null 2>&1
        then setsid /bin/sh -c "$1" </dev/null 3<&- & job=$! group=-$!
        else /bin/sh -c "$1" </dev/null 3<&- & job=$! group=0
        fi
        { read -r _; trap "" TERM; kill -s TERM -- $group; sleep 1; kill -s KILL -- $group; } <&3 >/dev/null 2>&1 &
        watch=$!
        exec 3<&-
        wait $job
        code=$?
        kill $watch 2>/dev/null
        exit $code
        """;

    /// <summary>The same for a command that comes later, as the first line of the session's standard input.</summary>
    public static string WatchedLine { get; } = $"exec /bin/sh -c {ShellWord.Quote("IFS= read -r line || exit; set -- \"$line\"\n" + Watch)} watch";

    /// <param name="command">For a POSIX shell.</param>
    /// <returns>A command for whatever login shell the guest's user has.</returns>
    public static string Watched(string command) => $"exec /bin/sh -c {ShellWord.Quote(Watch)} watch {ShellWord.Quote(command)}";
}
