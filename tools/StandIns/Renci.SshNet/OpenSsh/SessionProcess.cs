using System.Diagnostics;
using Renci.SshNet.Common;

namespace Renci.SshNet.OpenSsh;

/// <summary>An ssh that runs one session through a <see cref="Master"/>; its standard streams are the session's.</summary>
internal sealed class SessionProcess(Process process, Master master, string refusedMark) : IDisposable
{
    // ssh's own failure, but also a status that a remote program may choose.
    private const int Ambiguous = 255;

    public Stream Input => process.StandardInput.BaseStream;

    public Stream Output => process.StandardOutput.BaseStream;

    public Stream Error => process.StandardError.BaseStream;

    /// <summary>Waits for the session's end and tells the remote program's exit status.</summary>
    /// <exception cref="SshConnectionException">The connection was lost.</exception>
    /// <exception cref="SshException">The server refused another session.</exception>
    public async Task<int> WaitAsync(CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        if (process.ExitCode != Ambiguous)
        {
            return process.ExitCode;
        }

        if (!await master.AnswersAsync().ConfigureAwait(false))
        {
            throw master.Lost();
        }

        return File.Exists(refusedMark) ? throw new SshException("The server refused another session on this connection.") : Ambiguous;
    }

    /// <summary>Ends the session; the server closes the remote program's pipes.</summary>
    public void Kill()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }
    }

    public void Dispose()
    {
        Kill();
        process.Dispose();
    }
}
