namespace KextDev.Guests;

/// <summary>A machine that a kernel extension is tested on. A driver is these verbs; everything else is a capability interface that it may have.</summary>
/// <remarks>Disposing a guest that this object started stops it and leaves no process; disposing one that it joined leaves it running.</remarks>
public interface IGuest : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Starts the guest, or joins it where it runs already; returns as soon as its SSH server answers with its banner.</summary>
    /// <exception cref="InfrastructureException">It did not start or never answered: what was tried, and the last console lines.</exception>
    Task<GuestEndpoint> StartAsync(CancellationToken cancellationToken);

    /// <summary>Asks the guest to shut down, then ends it. No error when it does not run.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}

/// <summary>Where and as whom a guest is reached over SSH.</summary>
/// <param name="Host">An address; loopback for guests on this machine.</param>
/// <param name="Port">TCP port.</param>
/// <param name="User">A user who may load extensions.</param>
/// <param name="PrivateKeyFile">OpenSSH private key, mode 0600.</param>
/// <param name="HostKey">The guest's pinned public key, as in a known_hosts line without its host: "ssh-ed25519 AAAA...".</param>
public sealed record GuestEndpoint(string Host, int Port, string User, string PrivateKeyFile, string HostKey)
{
    /// <summary>This very machine, as the user who runs KextDev: nothing lies between.</summary>
    public static GuestEndpoint ThisMachine { get; } = new("localhost", 0, Environment.UserName, "", "");

    public bool IsThisMachine => this == ThisMachine;
}
