using KextDev.Guests;
using KextDev.Processes;

namespace KextDev.Shells;

/// <summary>A shell on this very machine, as the user who runs KextDev.</summary>
internal sealed class LocalShell(GuestEndpoint endpoint) : GuestShell(endpoint)
{
    public override bool IsConnected => true;

    public override async Task<ShellResult> RunAsync(string command, CancellationToken cancellationToken)
    {
        var result = await Command(command).TryRunAsync(cancellationToken);
        return new ShellResult(result.ExitCode, result.Output, result.Error, result.Duration);
    }

    public override IAsyncEnumerable<CommandEvent> StreamAsync(string command, CancellationToken cancellationToken) => Command(command).StreamAsync(cancellationToken);

    public override Task UploadAsync(IEnumerable<Upload> files, CancellationToken cancellationToken) =>
        CopyAsync(
            () =>
            {
                foreach (var file in files)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Directory.CreateDirectory(Path.GetDirectoryName(file.RemoteFile)!);
                    File.Copy(file.LocalFile, file.RemoteFile, overwrite: true);
                    File.SetUnixFileMode(file.RemoteFile, file.Mode);
                }
            },
            cancellationToken);

    public override Task DownloadAsync(string remoteFile, string localFile, CancellationToken cancellationToken) =>
        CopyAsync(
            () =>
            {
                var part = localFile + ".part";
                try
                {
                    File.Copy(remoteFile, part, overwrite: true);
                    File.Move(part, localFile, overwrite: true);
                }
                finally
                {
                    File.Delete(part);
                }
            },
            cancellationToken);

    /// <summary>A port of this machine leads to itself.</summary>
    public override Task<ForwardedGuestPort> ForwardAsync(int guestPort) => Task.FromResult(new ForwardedGuestPort(guestPort));

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static HostCommand Command(string command) => new("/bin/sh", "-c", command);

    private static async Task CopyAsync(Action copy, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(copy, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InfrastructureException($"A file was not copied on this machine: {exception.Message}", exception);
        }
    }
}
