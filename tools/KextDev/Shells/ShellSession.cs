using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace KextDev.Shells;

/// <summary>One session of an SSH connection, from the start of its program on.</summary>
internal sealed class ShellSession : IDisposable
{
    private readonly SshCommand _run;

    private ShellSession(SshCommand run)
    {
        _run = run;
        Ended = run.ExecuteAsync(CancellationToken.None);
        Input = run.CreateInputStream();
    }

    /// <summary>The program's end, or why there was none to be seen.</summary>
    public Task Ended { get; }

    public Stream Input { get; }

    public Stream Output => _run.OutputStream;

    public Stream Error => _run.ExtendedOutputStream;

    /// <summary>Null until the program ended.</summary>
    public int? ExitStatus => _run.ExitStatus;

    /// <param name="command">For whatever login shell the guest's user has.</param>
    /// <exception cref="SshException">The connection is lost, or the server refused another session.</exception>
    public static ShellSession Begin(SshClient client, string command)
    {
        var run = client.CreateCommand(command);
        try
        {
            return new ShellSession(run);
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Begins one whose program comes later: <see cref="Give"/>. Null where that fails: who needs a session is told why.</summary>
    public static ShellSession? TryBegin(SshClient client)
    {
        try
        {
            return Begin(client, RemoteCommand.WatchedLine);
        }
        catch (SshException)
        {
            return null;
        }
    }

    /// <param name="command">For a POSIX shell, and of one line.</param>
    public void Give(string command)
    {
        try
        {
            Input.Write(Encoding.UTF8.GetBytes(command + "\n"));
            Input.Flush();
        }
        catch (Exception exception) when (exception is IOException or SshException or ObjectDisposedException)
        {
            // The session ended before: how, is told by its end.
        }
    }

    /// <summary>Leaves the program to its fate.</summary>
    public void Leave() => _run.CancelAsync();

    public void Dispose()
    {
        _run.Dispose();
        _ = Ended.ContinueWith(ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }
}
