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
    private readonly ConnectionPatience _patience;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _reconnectingOnce = new();
    private volatile SshClient _client;
    private volatile GuestFiles _files;

    // Waits for the next command: AnticipateCommand.
    private ShellSession? _begun;

    private Task _reconnecting = Task.CompletedTask;

    private Task _streams = Task.CompletedTask;

    // What the next command does before: nobody waits for it in between.
    private string? _tidying;

    private SshShell(GuestEndpoint endpoint, SshClient client, ConnectionPatience patience)
        : base(endpoint)
    {
        _client = client;
        _files = new GuestFiles(endpoint, client);
        _patience = patience;
    }

    public override bool IsConnected => _client.IsConnected;

    public static new async Task<GuestShell> ConnectAsync(GuestEndpoint endpoint, ConnectionPatience patience, CancellationToken cancellationToken) =>
        new SshShell(endpoint, await GuestConnection.OpenAsync(endpoint, patience, cancellationToken), patience);

    public override void AnticipateCommand() => _begun ??= ShellSession.TryBegin(_client);

    public override async Task<ShellResult> RunAsync(string command, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var output = "";
        var error = "";
        var exitCode = await ExecuteAsync(
            () => Begin(Tidy(command)),
            async stream => output = await GuestText.ReadToEndAsync(stream),
            async stream => error = await GuestText.ReadToEndAsync(stream),
            cancellationToken);
        return new ShellResult(exitCode, output, error, clock.Elapsed);
    }

    public override async IAsyncEnumerable<CommandEvent> StreamAsync(string command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Unbounded: a slow reader of the events must not stall the test that prints them.
        var events = Channel.CreateUnbounded<CommandEvent>();
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        var run = PublishAsync(command, events.Writer, left.Token);
        _streams = Task.WhenAll(_streams, run);
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
        if (_closing.IsCancellationRequested)
        {
            return;
        }

        await _closing.CancelAsync();
        await _streams;

        // It goes on after the stream that began it: another one may wait for it, too.
        await _reconnecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_tidying is not null && IsConnected && !_abandoned.IsCancellationRequested)
        {
            await TidyAsync();
        }

        _closing.Dispose();
        _abandoned.Dispose();
        await _files.DisposeAsync();
        _begun?.Dispose();
        // Ends a process and waits for it: not on the caller's thread.
        await Task.Run(_client.Dispose);
    }

    private async Task TidyAsync()
    {
        using var limit = new CancellationTokenSource(EndTimeout);
        try
        {
            await RunAsync("true", limit.Token);
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            // The guest does so by itself, a minute later.
        }
    }

    // Never throws: how the run ended is told to the reader through the channel.
    private async Task PublishAsync(string command, ChannelWriter<CommandEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            var exitCode = await ExecuteDetachedAsync(new DetachedCommand(Tidy(command)), events, cancellationToken);
            events.TryWrite(new Exited(exitCode));
            events.Complete();
        }
        catch (OperationCanceledException)
        {
            events.Complete(_closing.IsCancellationRequested ? new ConnectionLostException(Endpoint, new ObjectDisposedException(nameof(GuestShell))) : null);
        }
        catch (Exception exception)
        {
            events.Complete(exception);
        }
    }

    /// <summary>Follows the command to its end, over a new connection where one breaks.</summary>
    private async Task<int> ExecuteDetachedAsync(DetachedCommand command, ChannelWriter<CommandEvent> events, CancellationToken cancellationToken)
    {
        var output = new ContinuedStream(stream => GuestText.ReadLinesAsync(stream, line => events.TryWrite(new OutputLine(line))));
        var error = new ContinuedStream(stream => GuestText.ReadLinesAsync(stream, line => events.TryWrite(new ErrorLine(line))));
        try
        {
            ConnectionLostException? loss = null;
            for (var session = command.Start; ; session = command.Follow(output.Length, error.Length))
            {
                var client = _client;
                int? ended;
                try
                {
                    ended = await ExecuteAsync(() => ShellSession.Begin(client, session), output.AppendAsync, error.AppendAsync, cancellationToken);
                    ended = loss is null ? ended : DetachedCommand.ExitCode((await RunAsync(command.AskEnd, cancellationToken)).Output, output.Length, error.Length);
                }
                catch (ConnectionLostException exception)
                {
                    loss = exception;
                    await ReconnectAsync(client, loss, cancellationToken);
                    events.TryWrite(new Resumed(loss));
                    continue;
                }

                return ended ?? throw loss!.For(
                    "It was made anew, but what the program printed could not be read on: the guest has been restarted, its /tmp is full, or the program printed more than 16 MiB.");
            }
        }
        finally
        {
            _tidying = command.Remove;
            await output.EndAsync();
            await error.EndAsync();
        }
    }

    // Streams that lose a connection together share the new one. The guest itself may be another one by then: what is asked of it must show that it is not.
    private async Task ReconnectAsync(SshClient lost, ConnectionLostException loss, CancellationToken cancellationToken)
    {
        Task reconnecting;
        lock (_reconnectingOnce)
        {
            if (_client == lost && _reconnecting.IsCompleted)
            {
                _reconnecting = Task.Run(() => OpenAnewAsync(lost), CancellationToken.None);
            }

            reconnecting = _reconnecting;
        }

        try
        {
            await reconnecting.WaitAsync(cancellationToken);
        }
        catch (InfrastructureException exception)
        {
            throw loss.For($"There is no new one either: {exception.Message}");
        }
    }

    private async Task OpenAnewAsync(SshClient lost)
    {
        var files = _files;
        Interlocked.Exchange(ref _begun, null)?.Dispose();
        _client = await GuestConnection.OpenAsync(Endpoint, _patience, _closing.Token);
        _files = new GuestFiles(Endpoint, _client);
        await files.DisposeAsync();
        lost.Dispose();
    }

    private string Tidy(string command) => Interlocked.Exchange(ref _tidying, null) is { } tidying ? $"{tidying}; {command}" : command;

    private ShellSession Begin(string command)
    {
        if (!command.Contains('\n', StringComparison.Ordinal) && Interlocked.Exchange(ref _begun, null) is { } begun)
        {
            if (!begun.Ended.IsCompleted)
            {
                begun.Give(command);
                return begun;
            }

            begun.Dispose();
        }

        return ShellSession.Begin(_client, RemoteCommand.Watched(command));
    }

    /// <param name="begin">Its program ends when a line comes to its standard input.</param>
    private async Task<int> ExecuteAsync(
        Func<ShellSession> begin, Func<Stream, Task> readOutput, Func<Stream, Task> readError, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var reading = Task.CompletedTask;
        try
        {
            using var session = begin();
            reading = Task.WhenAll(readOutput(session.Output), readError(session.Error));
            var cancelled = new TaskCompletionSource();
            await using (cancellationToken.Register(cancelled.SetResult))
            {
                if (await Task.WhenAny(session.Ended, cancelled.Task) == cancelled.Task)
                {
                    await EndAsync(session);
                    throw new OperationCanceledException(cancellationToken);
                }
            }

            await session.Ended;
            await reading;
            return session.ExitStatus ?? throw new SshConnectionException("The session ended without an exit status.");
        }
        catch (Exception exception) when (exception is SshConnectionException or SshOperationTimeoutException)
        {
            // What was read until then counts.
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new ConnectionLostException(Endpoint, exception);
        }
        catch (SshException exception)
        {
            throw new InfrastructureException($"The guest at {Endpoint.Host} port {Endpoint.Port} did not run a command: {exception.Message}", exception);
        }
    }

    private async Task EndAsync(ShellSession session)
    {
        try
        {
            await session.Input.WriteAsync("\n"u8.ToArray());
            await session.Input.DisposeAsync();
            await session.Ended.WaitAsync(EndTimeout, _abandoned.Token);
        }
        catch (Exception exception) when (exception is TimeoutException || (exception is OperationCanceledException && _abandoned.IsCancellationRequested))
        {
            // A guest that hangs or is dead answers nobody; leave the session to its fate.
            session.Leave();
            await session.Ended.ContinueWith(_ => { }, TaskScheduler.Default);
        }
        catch (Exception exception) when (exception is SshException or IOException or OperationCanceledException)
        {
            // The connection is gone, and with it the session: the guest ends the command by itself.
        }
    }
}
