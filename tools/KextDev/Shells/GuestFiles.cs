using System.Net.Sockets;
using KextDev.Guests;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace KextDev.Shells;

/// <summary>Copies files into a guest as one stream that its tar unpacks, and fetches files over one SFTP session, which is opened by the first use and kept.</summary>
internal sealed class GuestFiles(GuestEndpoint endpoint, SshClient shell) : IAsyncDisposable
{
    /// <summary>Of one file, in bytes: more than a kernel has, less than fills a disk.</summary>
    public const long MostDownloaded = 1L << 30;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private SftpClient? _client;

    /// <summary>A session and a stream for all files: a guest that is emulated takes longer over each question than over what is sent.</summary>
    public async Task UploadAsync(IEnumerable<Upload> files, CancellationToken cancellationToken)
    {
        try
        {
            // Folders at the top, such as macOS's /tmp, may be links, through which tar does not go by itself.
            foreach (var group in files.GroupBy(file => file.RemoteFile.Split('/')[1], StringComparer.Ordinal))
            {
                await new UploadArchive([.. group]).SendAsync(shell, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is SshException or SocketException or IOException or UnauthorizedAccessException)
        {
            throw Failure("upload to", exception, cancellationToken);
        }
    }

    public Task DownloadAsync(string remoteFile, string localFile, long most, CancellationToken cancellationToken) =>
        TransferAsync(
            client =>
            {
                var part = localFile + ".part";
                try
                {
                    using (var content = File.Create(part))
                    using (var bounded = new BoundedStream(content, most))
                    {
                        client.DownloadFile(remoteFile, bounded);
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

    private async Task TransferAsync(Action<SftpClient> transfer, CancellationToken cancellationToken)
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
            throw Failure("download from", exception, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    private InfrastructureException Failure(string direction, Exception exception, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return exception switch
        {
            SshConnectionException or SshOperationTimeoutException or SocketException => new ConnectionLostException(endpoint, exception),
            _ => new InfrastructureException($"The {direction} the guest at {endpoint.Host} port {endpoint.Port} failed: {exception.Message}", exception),
        };
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
