using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using KextDev.Guests;
using KextDev.Processes;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace KextDev.Shells;

/// <summary>A shell over an SSH connection.</summary>
internal sealed class SshShell : GuestShell
{
    // A program gets a second to end after SIGTERM before the guest kills it: RemoteCommand.
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _abandoned = new();
    private readonly SshClient _client;
    private readonly GuestFiles _files;

    private SshShell(GuestEndpoint endpoint, SshClient client)
        : base(endpoint)
    {
        _client = client;
        _files = new GuestFiles(endpoint, client);
    }

    public override bool IsConnected => _client.IsConnected;

    /// <param name="endpoint">The guest.</param>
    /// <param name="keepAlive">How often a silent guest is asked whether it lives.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    public static new async Task<GuestShell> ConnectAsync(GuestEndpoint endpoint, TimeSpan keepAlive, CancellationToken cancellationToken) =>
        new SshShell(endpoint, await GuestConnection.OpenAsync(endpoint, keepAlive, cancellationToken));

    public override async Task<ShellResult> RunAsync(string command, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var output = "";
        var error = "";
        var exitCode = await ExecuteAsync(
            command,
            async stream => output = await GuestText.ReadToEndAsync(stream),
            async stream => error = await GuestText.ReadToEndAsync(stream),
            cancellationToken);
        return new ShellResult(exitCode, output, error, clock.Elapsed);
    }

    public override async IAsyncEnumerable<CommandEvent> StreamAsync(string command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Unbounded: a slow reader of the events must not stall the test that prints them.
        var events = Channel.CreateUnbounded<CommandEvent>();
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = PublishAsync(command, events.Writer, left.Token);
        try
        {
            await foreach (var line in events.Reader.ReadAllAsync(CancellationToken.None))
            {
                yield return line;
            }
        }
        finally
        {
            await left.CancelAsync();
            await run;
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    public override Task UploadAsync(IEnumerable<Upload> files, CancellationToken cancellationToken) => _files.UploadAsync(files, cancellationToken);

    public override Task DownloadAsync(string remoteFile, string localFile, CancellationToken cancellationToken) =>
        _files.DownloadAsync(remoteFile, localFile, GuestFiles.MostDownloaded, cancellationToken);

    public override async Task<ForwardedGuestPort> ForwardAsync(int guestPort)
    {
        const string Loopback = "127.0.0.1";
        var port = new ForwardedPortLocal(Loopback, 0, Loopback, (uint)guestPort);
        try
        {
            _client.AddForwardedPort(port);
            await Task.Run(port.Start);
            return new ForwardedGuestPort(port);
        }
        catch (SshException exception)
        {
            port.Dispose();
            throw exception is SshConnectionException
                ? new ConnectionLostException(Endpoint, exception)
                : new InfrastructureException($"No port here leads to port {guestPort} of the guest at {Endpoint.Host} port {Endpoint.Port}: {exception.Message}", exception);
        }
    }

    public override void Abandon() => _abandoned.Cancel();

    public override async ValueTask DisposeAsync()
    {
        _abandoned.Dispose();
        await _files.DisposeAsync();
        // Ends a process and waits for it: not on the caller's thread.
        await Task.Run(_client.Dispose);
    }

    // Never throws: how the run ended is told to the reader through the channel.
    private async Task PublishAsync(string command, ChannelWriter<CommandEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            var exitCode = await ExecuteAsync(
                command,
                stream => GuestText.ReadLinesAsync(stream, line => events.TryWrite(new OutputLine(line))),
                stream => GuestText.ReadLinesAsync(stream, line => events.TryWrite(new ErrorLine(line))),
                cancellationToken);
            events.TryWrite(new Exited(exitCode));
            events.Complete();
        }
        catch (OperationCanceledException)
        {
            events.Complete();
        }
        catch (Exception exception)
        {
            events.Complete(exception);
        }
    }

    private async Task<int> ExecuteAsync(
        string command, Func<Stream, Task> readOutput, Func<Stream, Task> readError, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            using var run = _client.CreateCommand(RemoteCommand.Watched(command));
            var ended = run.ExecuteAsync(CancellationToken.None);
            // Its end is the sign for the guest to end the command.
            var input = run.CreateInputStream();
            var reading = Task.WhenAll(readOutput(run.OutputStream), readError(run.ExtendedOutputStream));
            var cancelled = new TaskCompletionSource();
            await using (cancellationToken.Register(cancelled.SetResult))
            {
                if (await Task.WhenAny(ended, cancelled.Task) == cancelled.Task)
                {
                    await EndAsync(run, ended, input);
                    throw new OperationCanceledException(cancellationToken);
                }
            }

            await ended;
            await reading;
            return run.ExitStatus ?? throw new SshConnectionException("The session ended without an exit status.");
        }
        catch (Exception exception) when (exception is SshConnectionException or SshOperationTimeoutException)
        {
            throw new ConnectionLostException(Endpoint, exception);
        }
        catch (SshException exception)
        {
            throw new InfrastructureException($"The guest at {Endpoint.Host} port {Endpoint.Port} did not run a command: {exception.Message}", exception);
        }
    }

    private async Task EndAsync(SshCommand run, Task ended, Stream input)
    {
        try
        {
            await input.DisposeAsync();
            await ended.WaitAsync(EndTimeout, _abandoned.Token);
        }
        catch (Exception exception) when (exception is TimeoutException || (exception is OperationCanceledException && _abandoned.IsCancellationRequested))
        {
            // A guest that hangs or is dead answers nobody; leave the session to its fate.
            run.CancelAsync();
            await ended.ContinueWith(_ => { }, TaskScheduler.Default);
        }
        catch (Exception exception) when (exception is SshException or IOException or OperationCanceledException)
        {
            // The connection is gone, and with it the session: the guest ends the command by itself.
        }
    }
}
