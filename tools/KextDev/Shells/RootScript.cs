using System.Diagnostics;
using KextDev.Guests;
using KextDev.Processes;

namespace KextDev.Shells;

/// <summary>
/// A shell script that a guest runs as root: a user who is root runs it, any other by sudo, with the password. It is what makes a key known to a guest,
/// so it can log in with the password as well. Script and password go through the session's standard input: neither stands on a command line, here or there.
/// </summary>
public static class RootScript
{
    private const string Root = "root";

    /// <summary>Of ssh itself.</summary>
    private const int SshFailure = 255;

    private static readonly TimeSpan ReachLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>The environment variable through which ssh's helper gets the password: other users cannot read it.</summary>
    private const string AskVariable = "KEXTDEV_SSH_PASSWORD";

    // sudo takes the password from its standard input each time (-k): it must not be left for the script to read.
    private const string Remote =
        "umask 077; IFS= read -r password; folder=$(mktemp -d \"${TMPDIR:-/tmp}/kextdev.XXXXXX\") || exit; trap 'rm -rf \"$folder\"' EXIT; "
        + "cat >\"$folder/script\" || exit; "
        + "if [ \"$(id -u)\" = 0 ]; then sh \"$folder/script\" \"$@\" </dev/null; "
        + "else printf '%s\\n' \"$password\" | sudo -k -S -p '' sh \"$folder/script\" \"$@\"; fi";

    /// <summary>Whether the guest lets the user in with the endpoint's key.</summary>
    public static async Task<bool> TakesKeyAsync(GuestEndpoint endpoint, CancellationToken cancellationToken)
    {
        var result = await ReachAsync(endpoint, SshCommandLine.Of(endpoint, KeyAlone, "exit 0"), cancellationToken);
        return result.ExitCode == 0;
    }

    /// <param name="password">The user's; null where the key lets root in.</param>
    /// <param name="script">For a POSIX shell.</param>
    /// <exception cref="InfrastructureException">The guest let nobody in, or its sudo did not run the script.</exception>
    public static async Task<CommandResult> RunAsync(
        GuestEndpoint endpoint, string? password, string script, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var remote = $"exec /bin/sh -c {ShellWord.Quote(Remote)} kextdev {string.Join(' ', arguments.Select(ShellWord.Quote))}";
        var folder = Directory.CreateTempSubdirectory("kextdev-askpass-").FullName;
        try
        {
            var command = SshCommandLine.Of(endpoint, password is null ? KeyAlone : PasswordToo, remote) with
            {
                StandardInput = $"{password}\n{script}",
                Environment = password is null ? new Dictionary<string, string?>(StringComparer.Ordinal) : Asking(folder, password),
            };
            var result = await ReachAsync(endpoint, command, cancellationToken);
            return result.ExitCode == SshFailure ? throw Refused(endpoint, password) : result;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static readonly string[] KeyAlone = ["PreferredAuthentications=publickey", "BatchMode=yes"];

    private static readonly string[] PasswordToo = ["PreferredAuthentications=publickey,password,keyboard-interactive", "NumberOfPasswordPrompts=1"];

    /// <summary>Whether the endpoint's user is root, who needs no sudo.</summary>
    public static bool IsRoot(GuestEndpoint endpoint) => endpoint.User == Root;

    // A server that was told to read its settings anew is away for a moment. What is run here may be run twice: it looks before it changes anything.
    private static async Task<CommandResult> ReachAsync(GuestEndpoint endpoint, HostCommand command, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var result = await command.TryRunAsync(cancellationToken);
            if (result.ExitCode != SshFailure || Denied(result))
            {
                return result;
            }

            if (clock.Elapsed >= ReachLimit || result.Error.Contains("Host key verification failed", StringComparison.Ordinal))
            {
                throw Unreachable(endpoint, result);
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static bool Denied(CommandResult result) => result.Error.Contains("Permission denied", StringComparison.Ordinal);

    // ssh asks a program for the password where it is told to; before 8.4 only with a display, real or not.
    private static Dictionary<string, string?> Asking(string folder, string password)
    {
        var helper = Path.Combine(folder, "askpass");
        File.WriteAllText(helper, $"#!/bin/sh\nprintf '%s\\n' \"${AskVariable}\"\n");
        File.SetUnixFileMode(helper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new(StringComparer.Ordinal) { ["SSH_ASKPASS"] = helper, ["SSH_ASKPASS_REQUIRE"] = "force", ["DISPLAY"] = ":0", [AskVariable] = password };
    }

    private static InfrastructureException Refused(GuestEndpoint endpoint, string? password) =>
        new(
            $"The guest at {endpoint.Host} port {endpoint.Port} refused {endpoint.User}, {(password is null ? $"with the key {endpoint.PrivateKeyFile}" : "with the key and with the password")}. "
            + "Check the password; a user other than the guest's own is named by --login, as root has no password on macOS.");

    private static InfrastructureException Unreachable(GuestEndpoint endpoint, CommandResult result) =>
        new($"No SSH connection to {endpoint.User}@{endpoint.Host} port {endpoint.Port}: {result.Error.Trim()} Is its SSH server on, and is it the machine whose key is pinned?");
}
