using System.Net.Sockets;
using System.Text;

namespace KextDev.Guests.Ssh;

/// <summary>
/// Tells whether an SSH server answers. QEMU accepts connections to a forwarded port long before the guest listens:
/// only the server's first bytes prove it.
/// </summary>
public static class SshBanner
{
    /// <summary>Of one probe. A busy guest takes seconds for its banner, and what is broken off before costs it the same time again.</summary>
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(10);

    /// <summary>After which a probe begins beside those that wait. Short at first, as what was connected too early may never be answered.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan LastPause = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Probes until the banner comes; only cancellation ends it otherwise. <paramref name="failed"/> is told once of each probe
    /// what it met before the next began.
    /// </summary>
    public static async Task WaitAsync(string host, int port, Action<string> failed, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answers = new List<Task<bool>>();
        var pause = FirstPause;
        try
        {
            while (true)
            {
                var probe = new Probe();
                var answer = probe.RunAsync(host, port, ended.Token);
                answers.Add(answer);
                if (await AnyCameAsync(answers, Task.Delay(pause, cancellationToken)))
                {
                    return;
                }

                failed(probe.Met);
                pause = answer.IsCompleted ? FirstPause : pause * 1.5 < LastPause ? pause * 1.5 : LastPause;
            }
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(answers);
        }
    }

    // Forgets those that were none.
    private static async Task<bool> AnyCameAsync(List<Task<bool>> answers, Task end)
    {
        while (await Task.WhenAny([end, .. answers]) is var first && first != end)
        {
            var answer = (Task<bool>)first;
            answers.Remove(answer);
            if (await answer)
            {
                return true;
            }
        }

        await end;
        return false;
    }

    private sealed class Probe
    {
        public string Met { get; private set; } = "not connected yet";

        // False also when it is cancelled.
        public async Task<bool> RunAsync(string host, int port, CancellationToken cancellationToken)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(ProbeLimit);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(host, port, limit.Token);
                Met = "connected, but no banner came";
                var banner = new byte[4];
                var count = 0;
                while (count < banner.Length && await socket.ReceiveAsync(banner.AsMemory(count), limit.Token) is var read and > 0)
                {
                    count += read;
                }

                Met = count == 0 ? "closed without a byte" : "not an SSH server";
                return Encoding.ASCII.GetString(banner) == "SSH-";
            }
            catch (SocketException exception)
            {
                Met = exception.Message;
                return false;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }
}
