using KextDev.Guests;
using KextDev.Processes;

namespace KextDev.GuestTests.Guests;

/// <summary>The system's own SSH client, so that these tests need nothing of Shells.</summary>
internal static class Ssh
{
    public static HostCommand Command(GuestPlace place, GuestEndpoint endpoint, string command)
    {
        var knownHosts = Path.Combine(place.State.Path, "known_hosts");
        File.WriteAllText(knownHosts, $"[{endpoint.Host}]:{endpoint.Port} {endpoint.HostKey}\n");
        return new HostCommand(
            "ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes", "-o", $"UserKnownHostsFile={knownHosts}",
            "-i", endpoint.PrivateKeyFile, "-p", $"{endpoint.Port}", $"{endpoint.User}@{endpoint.Host}", command);
    }
}
