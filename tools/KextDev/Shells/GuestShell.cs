using KextDev.Guests;
using KextDev.Processes;

namespace KextDev.Shells;

/// <summary>A shell in a guest: runs commands, streams their output, moves files. Several commands may run at once.</summary>
public abstract class GuestShell(GuestEndpoint endpoint) : IAsyncDisposable
{
    public GuestEndpoint Endpoint => endpoint;

    /// <summary>False once the connection is known to be lost; a peer that went silent is noticed after some 15 s.</summary>
    public abstract bool IsConnected { get; }

    /// <summary>Connects, waiting for up to 30 s while the guest's SSH server is still coming up.</summary>
    /// <exception cref="InfrastructureException">No connection: another host key than the pinned one, a refused user, no answer.</exception>
    public static Task<GuestShell> ConnectAsync(GuestEndpoint endpoint, CancellationToken cancellationToken) =>
        ConnectAsync(endpoint, ConnectionPatience.Usual, cancellationToken);

    internal static Task<GuestShell> ConnectAsync(GuestEndpoint endpoint, ConnectionPatience patience, CancellationToken cancellationToken) =>
        endpoint.IsThisMachine ? Task.FromResult<GuestShell>(new LocalShell(endpoint)) : SshShell.ConnectAsync(endpoint, patience, cancellationToken);

    /// <summary>
    /// Tells that <see cref="RunAsync"/> will be called soon: its session begins now, beside what is done until then.
    /// In an emulated guest a session takes longer to begin than most commands to run.
    /// </summary>
    public virtual void AnticipateCommand()
    {
    }

    /// <summary>Runs a command for the guest's POSIX shell to its end, whatever its exit code. Cancellation ends it in the guest too.</summary>
    /// <exception cref="ConnectionLostException">The connection broke meanwhile.</exception>
    public abstract Task<ShellResult> RunAsync(string command, CancellationToken cancellationToken);

    /// <summary>
    /// Runs a command and yields its lines as they come; the last element is the exit. A line longer than 64 Ki characters is cut.
    /// Cancellation, or leaving the enumeration early, ends the command in the guest too.
    /// A connection that breaks does not: a new one is tried for up to 30 s, <see cref="Resumed"/> is told, and the lines go on where they broke off.
    /// </summary>
    /// <exception cref="ConnectionLostException">The connection broke meanwhile, and there was no new one, or the guest had been restarted until then.</exception>
    public abstract IAsyncEnumerable<CommandEvent> StreamAsync(string command, CancellationToken cancellationToken);

    /// <summary>Copies a file into the guest; missing folders on the way are made.</summary>
    public Task UploadAsync(string localFile, string remoteFile, UnixFileMode mode, CancellationToken cancellationToken) =>
        UploadAsync([new Upload(localFile, remoteFile, mode)], cancellationToken);

    /// <summary>Copies files into the guest in one go; missing folders on the way are made.</summary>
    /// <exception cref="InfrastructureException">A file could not be read, or the guest refused it.</exception>
    /// <exception cref="ConnectionLostException">The connection broke meanwhile.</exception>
    public abstract Task UploadAsync(IEnumerable<Upload> files, CancellationToken cancellationToken);

    /// <summary>Copies a folder with everything below it, modes included, in one go.</summary>
    public Task UploadFolderAsync(string localFolder, string remoteFolder, CancellationToken cancellationToken) =>
        UploadAsync(Upload.Folder(localFolder, remoteFolder), cancellationToken);

    /// <summary>Copies a file out of the guest. The local file appears whole or not at all.</summary>
    /// <exception cref="InfrastructureException">The guest has no such file, or one of more than 1 GiB, or the local one could not be written.</exception>
    /// <exception cref="ConnectionLostException">The connection broke meanwhile.</exception>
    public abstract Task DownloadAsync(string remoteFile, string localFile, CancellationToken cancellationToken);

    /// <summary>Lets a free port on our loopback lead to a port of the guest, until the result or this shell is disposed.</summary>
    /// <exception cref="ConnectionLostException">The connection broke before.</exception>
    public abstract Task<ForwardedGuestPort> ForwardAsync(int guestPort);

    /// <summary>The guest is dead: a command that is cancelled from now on is not waited for, as nobody is there who could end it.</summary>
    public virtual void Abandon()
    {
    }

    public abstract ValueTask DisposeAsync();
}
