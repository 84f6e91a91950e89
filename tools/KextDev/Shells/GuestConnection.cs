using System.Diagnostics;
using System.Net.Sockets;
using KextDev.Guests;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace KextDev.Shells;

/// <summary>Connects to a guest and to no other machine.</summary>
internal static class GuestConnection
{
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <exception cref="InfrastructureException">No connection: another host key than the pinned one, a refused user, no answer.</exception>
    public static async Task<SshClient> OpenAsync(GuestEndpoint endpoint, ConnectionPatience patience, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var pinned = HostKey.Parse(endpoint.HostKey);
        var key = ReadKey(endpoint);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryOpenAsync(endpoint, key, pinned, patience, cancellationToken);
            }
            catch (SshAuthenticationException exception)
            {
                throw new InfrastructureException(
                    $"The guest at {endpoint.Host} port {endpoint.Port} refused {endpoint.User} with the key {endpoint.PrivateKeyFile}: {exception.Message} " +
                    "Put the key's public half into the user's ~/.ssh/authorized_keys in the guest.",
                    exception);
            }
            catch (Exception exception) when (exception is SshConnectionException or SshOperationTimeoutException or SocketException)
            {
                // The first connection to a booting guest may be reset, and its server may not listen yet.
                if (clock.Elapsed >= patience.Connecting || exception is SocketException { SocketErrorCode: SocketError.HostNotFound })
                {
                    throw new InfrastructureException(
                        $"No SSH connection to {endpoint.User}@{endpoint.Host} port {endpoint.Port}, tried {attempt} times in {clock.Elapsed.TotalSeconds:0} s: " +
                        $"{exception.Message} Look at the guest's console: has it booted, and does its SSH server run?",
                        exception);
                }

                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    private static async Task<SshClient> TryOpenAsync(
        GuestEndpoint endpoint, PrivateKeyFile key, HostKey pinned, ConnectionPatience patience, CancellationToken cancellationToken)
    {
        var info = new ConnectionInfo(endpoint.Host, endpoint.Port, endpoint.User, new PrivateKeyAuthenticationMethod(endpoint.User, key))
        {
            Timeout = patience.Connecting < AttemptTimeout ? patience.Connecting : AttemptTimeout,
        };
        var client = new SshClient(info) { KeepAliveInterval = patience.KeepAlive };
        HostKey? stranger = null;
        client.HostKeyReceived += (_, offered) =>
        {
            offered.CanTrust = pinned.Matches(offered.HostKey);
            stranger = offered.CanTrust ? null : new HostKey(offered.HostKeyName, Convert.ToBase64String(offered.HostKey));
        };
        try
        {
            await client.ConnectAsync(cancellationToken);
            return client;
        }
        catch (Exception exception)
        {
            client.Dispose();
            if (stranger is not null)
            {
                throw Stranger(endpoint, pinned, stranger, exception);
            }

            throw;
        }
    }

    private static InfrastructureException Stranger(GuestEndpoint endpoint, HostKey pinned, HostKey offered, Exception cause) =>
        new(
            $"The machine at {endpoint.Host} port {endpoint.Port} is not the guest: it answers with the host key {offered.Type} {offered.Fingerprint}, " +
            $"but {pinned.Type} {pinned.Fingerprint} is pinned. Nothing was sent to it. " +
            "If the guest was made anew, pin its new key in the guest's definition (an embedded guest: ./build.sh VmDown, then start it again); if not, find out who listens there.",
            cause);

    private static PrivateKeyFile ReadKey(GuestEndpoint endpoint)
    {
        try
        {
            return new PrivateKeyFile(endpoint.PrivateKeyFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SshException)
        {
            throw new InfrastructureException(
                $"The private key {endpoint.PrivateKeyFile} for {endpoint.User}@{endpoint.Host} cannot be used: {exception.Message}", exception);
        }
    }
}
