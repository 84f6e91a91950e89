using System.Globalization;
using KextDev.Guests;
using KextDev.Processes;

namespace KextDev.Shells;

/// <summary>The system's own SSH client, made to believe a guest's pinned key alone and to heed nobody's configuration.</summary>
internal static class SshCommandLine
{
    /// <param name="options">Further ones, "Name=value"; of a name the first value counts.</param>
    public static HostCommand Of(GuestEndpoint endpoint, IEnumerable<string> options, string? command)
    {
        var pinned = HostKey.Parse(endpoint.HostKey);
        string[] all =
        [
            .. options,
            "IdentitiesOnly=yes", "IdentityAgent=none", "LogLevel=ERROR",
            "StrictHostKeyChecking=yes", "UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null", "CheckHostIP=no", "UpdateHostKeys=no",
            // One known_hosts line; * stands for any host.
            $"KnownHostsCommand=/bin/echo * {pinned.Type} {pinned.Base64}",
            "ServerAliveInterval=5",
        ];
        return new HostCommand(
            "ssh",
            [
                "-F", "/dev/null", .. all.SelectMany(option => new[] { "-o", option }),
                "-i", endpoint.PrivateKeyFile.Replace("%", "%%", StringComparison.Ordinal),
                "-p", endpoint.Port.ToString(CultureInfo.InvariantCulture), "-l", endpoint.User, "--", endpoint.Host,
                .. command is null ? Array.Empty<string>() : [command],
            ]);
    }
}
