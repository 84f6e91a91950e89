using KextDev.Guests;
using KextDev.Processes;

namespace KextDev.Shells;

/// <summary>A shell in a guest for a person at a terminal.</summary>
public static class InteractiveShell
{
    /// <summary>An ssh to run with the terminal attached (<see cref="HostCommand.RunInTerminalAsync"/>); on this very machine the shell itself. It believes the guest's pinned key alone.</summary>
    /// <param name="endpoint">The guest.</param>
    /// <param name="command">Run instead of the login shell.</param>
    public static HostCommand Command(GuestEndpoint endpoint, string? command = null) => endpoint.IsThisMachine
        ? new HostCommand("/bin/sh", command is null ? [] : ["-c", command])
        : SshCommandLine.Of(endpoint, ["PreferredAuthentications=publickey"], command);
}
