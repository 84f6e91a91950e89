using Renci.SshNet.OpenSsh;

namespace Renci.SshNet;

/// <summary>Where to connect, as whom, and how to prove it.</summary>
public class ConnectionInfo
{
    public ConnectionInfo(string host, int port, string username, params AuthenticationMethod[] authenticationMethods)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        ArgumentException.ThrowIfNullOrWhiteSpace(username);
        ArgumentOutOfRangeException.ThrowIfZero(authenticationMethods.Length, nameof(authenticationMethods));
        Host = host;
        Port = port;
        Username = username;
        AuthenticationMethods = authenticationMethods;
        Link = new SharedLink(this);
    }

    public string Host { get; }

    public int Port { get; }

    public string Username { get; }

    public IList<AuthenticationMethod> AuthenticationMethods { get; }

    /// <summary>How long connecting may take.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Clients of the same connection info share one connection.</summary>
    internal SharedLink Link { get; }
}
