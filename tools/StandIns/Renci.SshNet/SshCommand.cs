using System.IO.Pipelines;
using Renci.SshNet.Common;
using Renci.SshNet.OpenSsh;

namespace Renci.SshNet;

/// <summary>One run of a command on a server.</summary>
public class SshCommand : IDisposable
{
    private readonly Master _master;
    // As published: what the program prints is kept until it is read, however much that is.
    private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe _error = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly CancellationTokenSource _cancelled = new();
    private SessionProcess? _session;
    private bool _isDisposed;

    internal SshCommand(Master master, string commandText)
    {
        _master = master;
        CommandText = commandText;
        OutputStream = _output.Reader.AsStream();
        ExtendedOutputStream = _error.Reader.AsStream();
    }

    public string CommandText { get; }

    /// <summary>The program's standard output, to be read while it runs; ends when the program closes it.</summary>
    public Stream OutputStream { get; }

    /// <summary>The program's standard error, likewise.</summary>
    public Stream ExtendedOutputStream { get; }

    /// <summary>Null until the program ended.</summary>
    public int? ExitStatus { get; private set; }

    /// <summary>Runs the command to its end.</summary>
    /// <exception cref="SshConnectionException">The connection was lost.</exception>
    /// <exception cref="OperationCanceledException">The token or <see cref="CancelAsync"/> cancelled it.</exception>
    public Task ExecuteAsync(CancellationToken cancellationToken = default)
    {
        if (_session is not null)
        {
            throw new InvalidOperationException("Asynchronous operation is already in progress.");
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        // Started here and not later: the streams belong to this run as soon as the call returns.
        _session = _master.StartSession([], CommandText);
        return RunToEndAsync(_session, cancellationToken);
    }

    /// <summary>What is written is the program's standard input; disposing it is the input's end.</summary>
    public Stream CreateInputStream() =>
        _session?.Input ?? throw new InvalidOperationException("The input stream can be used only while the command runs.");

    /// <summary>Ends the run: the server closes the program's pipes.</summary>
    /// <param name="forceKill">Has no meaning here: the OpenSSH client sends no signals.</param>
    /// <param name="millisecondsTimeout">Likewise.</param>
    public void CancelAsync(bool forceKill = false, int millisecondsTimeout = 500) => _cancelled.Cancel();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _cancelled.Cancel();
            _session?.Dispose();
            OutputStream.Dispose();
            ExtendedOutputStream.Dispose();
            _cancelled.Dispose();
        }
    }

    private static async Task PumpAsync(Stream from, PipeWriter to, CancellationToken cancellationToken)
    {
        try
        {
            await from.CopyToAsync(to, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The session or this command was ended under the reader: what came so far stays.
        }
        finally
        {
            await to.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async Task RunToEndAsync(SessionProcess session, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cancelled.Token);
        // The connection's ssh holds the pipes too, for as long as the remote program lives: a cancelled run does not wait for their end.
        var pumps = Task.WhenAll(
            PumpAsync(session.Output, _output.Writer, either.Token),
            PumpAsync(session.Error, _error.Writer, either.Token));
        await using var kill = either.Token.Register(session.Kill);
        try
        {
            ExitStatus = await session.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            await pumps.ConfigureAwait(false);
        }
    }
}
