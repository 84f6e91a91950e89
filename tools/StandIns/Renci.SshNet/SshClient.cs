using Renci.SshNet.Common;

namespace Renci.SshNet;

/// <summary>Runs programs on a server.</summary>
public class SshClient : BaseClient
{
    public SshClient(ConnectionInfo connectionInfo)
        : base(connectionInfo)
    {
    }

    /// <summary>A command for the remote user's shell; it starts with its Execute.</summary>
    /// <exception cref="SshConnectionException">The client is not connected.</exception>
    public SshCommand CreateCommand(string commandText) => new(RequireConnection(), commandText);

    /// <summary>Lets a port lead through this connection.</summary>
    /// <exception cref="SshConnectionException">The client is not connected.</exception>
    public void AddForwardedPort(ForwardedPort port) => port.Master = RequireConnection();
}
