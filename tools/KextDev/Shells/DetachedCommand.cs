using System.Globalization;
using KextDev.Processes;

namespace KextDev.Shells;

/// <summary>
/// A command that outlives the SSH session which started it, so that what it prints can be read on over another connection, from any byte.
/// A supervising shell runs it in the guest. What the command prints goes to the session at once and, for those who come later, into two files beside it:
/// <code>
/// command --raw--> tee --live--> cat --> the session
///                   \---new---> cat --> file, up to 16 MiB
/// </code>
/// </summary>
/// <remarks>
/// The files never delay what the session gets, and a guest whose disk is full only has no second chance: the file ends early, and the folder says that it is torn.
/// A session's end without a word leaves the command running for a minute, in which another session may take over; a line from the host ends it: SIGTERM, and SIGKILL a second later.
/// Whoever holds the session is the folder's held.PID, the supervisor its runs.PID, which becomes whole.CODE or torn.CODE when all is written: names need no room on a disk.
/// Sessions and process groups of their own come from setsid, or on macOS, which lacks it, from the shell's job control.
/// </remarks>
internal sealed class DetachedCommand(string command)
{
    private const string Watch = """
        watch() {
            if read -r _ || [ -z "$1" ]; then kill -s TERM "$2"; fi
            left=60
            while [ "$left" -gt 0 ]; do
                [ -d "$1" ] || exit 0
                sleep 1
                left=$((left - 1))
            done
            [ ! -d "$1/runs.$2" ] || { kill -s TERM "$2"; sleep 3; }
            rm -rf "$1"
        }

        """;

    // Arguments: the command, the folder. Descriptor 3 is the session's standard input.
    private const string Supervise = Watch + """
        group= ending= live= keepers= carriers= torn=
        end() {
            ending=1
            [ -z "$group" ] || { kill -s TERM -- "-$group"; sleep 1; kill -s KILL -- "-$group" $carriers $live $keepers; } >/dev/null 2>&1 &
        }
        ended() {
            while wait "$1"; status=$?; kill -0 "$1" 2>/dev/null; do :; done
        }
        carry() {
            (trap '' XFSZ; ulimit -f 32768; exec cat <"$1.new" >"$1") 2>/dev/null &
            keepers="$keepers $!"
            (trap '' PIPE; exec tee "$1.new" <"$1.raw" >"$1.live") 2>/dev/null &
            carriers="$carriers $!"
            cat <"$1.live" 2>/dev/null &
            live="$live $!"
        }
        trap end TERM
        mask=$(umask)
        umask 077
        own=setsid
        command -v setsid >/dev/null 2>&1 || { own=; set -m; }
        folder=$2
        if ! mkdir "$2" 2>/dev/null; then
            folder=
        elif ! { mkdir "$2/runs.$$" && mkfifo "$2/out.raw" "$2/out.new" "$2/out.live" "$2/err.raw" "$2/err.new" "$2/err.live"; } 2>/dev/null; then
            rm -rf "$2"
            folder=
        fi
        { watch "$folder" $$; } <&3 >/dev/null 2>&1 &
        watch=$!
        exec 3<&-
        if [ -n "$folder" ]; then
            mkdir "$2/held.$watch"
            trap 'kill -s KILL $live 2>/dev/null' USR1
            carry "$2/out"
            carry "$2/err" >&2
            umask "$mask"
            $own /bin/sh -c "$1" </dev/null >"$2/out.raw" 2>"$2/err.raw" &
        else
            umask "$mask"
            $own /bin/sh -c "$1" </dev/null &
        fi
        group=$!
        exec >/dev/null 2>&1
        [ -z "$ending" ] || end
        ended "$group"
        code=$status
        [ -n "$folder" ] || { kill "$watch"; exit "$code"; }
        for carrier in $carriers $live; do ended "$carrier"; done
        for keeper in $keepers; do
            ended "$keeper"
            [ "$status" = 0 ] || torn=1
        done
        if [ -z "$torn" ]; then mv "$2/runs.$$" "$2/whole.$code"; else mv "$2/runs.$$" "$2/torn.$code"; fi
        exit "$code"
        """;

    // Arguments: the command, the folder, the supervisor's script.
    private const string Begin = """
        exec 3<&0
        if command -v setsid >/dev/null 2>&1
        then setsid /bin/sh -c "$3" supervise "$1" "$2" </dev/null &
        else set -m; /bin/sh -c "$3" supervise "$1" "$2" </dev/null &
        fi
        exec 3<&- 2>/dev/null
        wait $!
        """;

    // Arguments: the folder, how many bytes of each output are known. The earlier session is done with, also one that is stuck on a dead link.
    private const string TakeOver = Watch + """
        exec 3<&0
        cd "$1" || exit
        for held in held.*; do kill "${held#held.}"; rmdir "$held"; done 2>/dev/null
        runs=$(echo runs.*)
        kill -s USR1 "${runs#runs.}" 2>/dev/null
        { watch "$1" "${runs#runs.}"; } <&3 >/dev/null 2>&1 &
        held=held.$!
        mkdir "$held"
        exec 3<&-
        tell() {
            size=$(wc -c <"$1")
            if [ "$size" -gt "$2" ]
            then tail -c "+$(($2 + 1))" "$1" | head -c "$((size - $2))"
            else size=$2
            fi
        }
        out=$2 err=$3 runs_on=1
        while [ -n "$runs_on" ] && [ -d "$held" ]; do
            { [ -d "$runs" ] && kill -0 "${runs#runs.}"; } 2>/dev/null || runs_on=
            tell out "$out"; out=$size
            tell err "$err" >&2; err=$size
            [ -z "$runs_on" ] || sleep 0.2 || sleep 1
        done
        """;

    private readonly string _folder = $"/tmp/kextdev-run-{Guid.NewGuid():N}";

    /// <summary>Starts it. Its session has the outputs and the exit code, as if it had been run there.</summary>
    public string Start => Script(Begin, command, _folder, Supervise);

    /// <summary>Prints how it ended, for <see cref="ExitCode"/>; nothing where the guest does not know it.</summary>
    public string AskEnd => $"cd {_folder} 2>/dev/null && echo whole.* $(wc -c <out) $(wc -c <err)";

    /// <summary>Removes all that is left of it.</summary>
    public string Remove => $"rm -rf {_folder}";

    /// <summary>Reads on from these bytes until the command has ended, over a session that takes the place of the one before. Its exit code says nothing.</summary>
    public string Follow(long output, long error) =>
        Script(TakeOver, _folder, output.ToString(CultureInfo.InvariantCulture), error.ToString(CultureInfo.InvariantCulture));

    /// <param name="answer">What <see cref="AskEnd"/> printed.</param>
    /// <param name="output">How many bytes were read.</param>
    /// <param name="error">Likewise.</param>
    /// <returns>Null unless it ended, and every byte was read.</returns>
    public static int? ExitCode(string answer, long output, long error) =>
        answer.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries) is [var end, var keptOutput, var keptError]
        && end.StartsWith("whole.", StringComparison.Ordinal)
        && int.TryParse(end["whole.".Length..], CultureInfo.InvariantCulture, out var code)
        && long.TryParse(keptOutput, CultureInfo.InvariantCulture, out var outputs) && outputs == output
        && long.TryParse(keptError, CultureInfo.InvariantCulture, out var errors) && errors == error
            ? code
            : null;

    private static string Script(string script, params IEnumerable<string> arguments) =>
        $"exec /bin/sh -c {ShellWord.Quote(script)} kextdev {string.Join(' ', arguments.Select(ShellWord.Quote))}";
}
