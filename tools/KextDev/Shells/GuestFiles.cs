using System.Globalization;
using System.Net.Sockets;
using KextDev.Guests;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace KextDev.Shells;

/// <summary>Moves files over one SFTP session, which is opened by the first use and kept. One transfer at a time.</summary>
internal sealed class GuestFiles(GuestEndpoint endpoint, SshClient shell) : IAsyncDisposable
{
    private const UnixFileMode AllPermissions = (UnixFileMode)0b111_111_111;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private SftpClient? _client;

    public Task UploadAsync(IEnumerable<Upload> files, CancellationToken cancellationToken) =>
        TransferAsync(
            "upload to",
            client =>
            {
                var folders = new HashSet<string>(StringComparer.Ordinal);
                foreach (var file in files)
                {
                    using var content = File.OpenRead(file.LocalFile);
                    EnsureFolder(client, Parent(file.RemoteFile), folders);
                    client.UploadFile(content, file.RemoteFile);
                    client.ChangePermissions(file.RemoteFile, OctalDigits(file.Mode));
                }
            },
            cancellationToken);

    public Task DownloadAsync(string remoteFile, string localFile, CancellationToken cancellationToken) =>
        TransferAsync(
            "download from",
            client =>
            {
                var part = localFile + ".part";
                try
                {
                    using (var content = File.Create(part))
                    {
                        client.DownloadFile(remoteFile, content);
                    }

                    File.Move(part, localFile, overwrite: true);
                }
                finally
                {
                    File.Delete(part);
                }
            },
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Task.Run(() => _client?.Dispose());
        _gate.Dispose();
    }

    private static string Parent(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];

    // The published package reads the digits of a decimal number as octal ones: 755.
    private static short OctalDigits(UnixFileMode mode) =>
        short.Parse(Convert.ToString((int)(mode & AllPermissions), toBase: 8), CultureInfo.InvariantCulture);

    private static void EnsureFolder(SftpClient client, string folder, HashSet<string> known)
    {
        if (folder.Length > 0 && known.Add(folder) && !client.Exists(folder))
        {
            EnsureFolder(client, Parent(folder), known);
            client.CreateDirectory(folder);
        }
    }

    private async Task TransferAsync(string direction, Action<SftpClient> transfer, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var client = await ClientAsync(cancellationToken);
            // A transfer blocks its thread; closing the session under it is what interrupts it.
            await using var interrupt = cancellationToken.Register(client.Dispose);
            await Task.Run(() => transfer(client), CancellationToken.None);
        }
        catch (Exception exception) when (exception is SshException or SocketException or IOException or UnauthorizedAccessException)
        {
            _client?.Dispose();
            _client = null;
            cancellationToken.ThrowIfCancellationRequested();
            throw exception switch
            {
                SshConnectionException or SshOperationTimeoutException or SocketException => new ConnectionLostException(endpoint, exception),
                _ => new InfrastructureException($"The {direction} the guest at {endpoint.Host} port {endpoint.Port} failed: {exception.Message}", exception),
            };
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<SftpClient> ClientAsync(CancellationToken cancellationToken)
    {
        if (_client is { IsConnected: true })
        {
            return _client;
        }

        if (!shell.IsConnected)
        {
            // A new connection might reach the guest after a restart, without anything that was done to it before.
            throw new SshConnectionException("it broke before.");
        }

        _client?.Dispose();
        _client = new SftpClient(shell.ConnectionInfo);
        _client.HostKeyReceived += (_, offered) => offered.CanTrust = HostKey.Parse(endpoint.HostKey).Matches(offered.HostKey);
        await _client.ConnectAsync(cancellationToken);
        return _client;
    }
}
