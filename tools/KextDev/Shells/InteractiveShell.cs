using System.Globalization;
using KextDev.Guests;
using KextDev.Processes;

namespace KextDev.Shells;

/// <summary>A shell in a guest for a person at a terminal.</summary>
public static class InteractiveShell
{
    /// <summary>An ssh to run with the terminal attached (<see cref="HostCommand.RunInTerminalAsync"/>). It believes the guest's pinned key alone.</summary>
    /// <param name="endpoint">The guest.</param>
    /// <param name="command">Run instead of the login shell.</param>
    public static HostCommand Command(GuestEndpoint endpoint, string? command = null)
    {
        var pinned = HostKey.Parse(endpoint.HostKey);
        string[] options =
        [
            "IdentitiesOnly=yes", "IdentityAgent=none", "PreferredAuthentications=publickey", "LogLevel=ERROR",
            "StrictHostKeyChecking=yes", "UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null", "CheckHostIP=no", "UpdateHostKeys=no",
            // One known_hosts line; * stands for any host.
            $"KnownHostsCommand=/bin/echo * {pinned.Type} {pinned.Base64}",
            "ServerAliveInterval=5",
        ];
        return new HostCommand(
            "ssh",
            [
                "-F", "/dev/null", .. options.SelectMany(option => new[] { "-o", option }),
                "-i", endpoint.PrivateKeyFile.Replace("%", "%%", StringComparison.Ordinal),
                "-p", endpoint.Port.ToString(CultureInfo.InvariantCulture), "-l", endpoint.User, "--", endpoint.Host,
                .. command is null ? Array.Empty<string>() : [command],
            ]);
    }
}
