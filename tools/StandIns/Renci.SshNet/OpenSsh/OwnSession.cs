using System.ComponentModel;
using System.Diagnostics;
using Renci.SshNet.Common;

namespace Renci.SshNet.OpenSsh;

/// <summary>
/// Starts a program in a session of its own: a Ctrl-C typed at our terminal does not reach it, and its process group is its own,
/// so that ending it ends no more than itself. Its environment speaks plain English.
/// </summary>
internal static class OwnSession
{
    // util-linux and busybox have setsid; macOS has perl.
    private static readonly string[] _setsid = ["setsid"];
    private static readonly string[] _perl = ["perl", "-MPOSIX", "-e", "POSIX::setsid(); exec { $ARGV[0] } @ARGV or exit 127"];

    /// <exception cref="SshConnectionException">The program does not exist.</exception>
    public static Process Start(string folder, params IEnumerable<string> command)
    {
        string[] whole = [.. IsInPath("setsid") ? _setsid : _perl, .. command];
        var start = new ProcessStartInfo(whole[0], whole[1..])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        // Runs the LocalCommand; the user's own shell may be anything.
        start.Environment["SHELL"] = "/bin/sh";
        if (!IsInPath("ssh"))
        {
            throw new SshConnectionException("The OpenSSH client is not installed: there is no ssh in PATH. Install openssh-client.");
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new SshConnectionException($"The OpenSSH client could not be started: {exception.Message}", exception);
        }
    }

    private static bool IsInPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}
