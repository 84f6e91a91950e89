using System.Net.Sockets;
using System.Text;

namespace KextDev.Guests.Ssh;

/// <summary>
/// Tells whether an SSH server answers. QEMU accepts connections to a forwarded port long before the guest listens:
/// only the server's first bytes prove it.
/// </summary>
public static class SshBanner
{
    /// <summary>Short at first, as what was connected too early hangs for seconds; longer later, as a busy guest takes its time.</summary>
    private static readonly TimeSpan FirstLimit = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan LastLimit = TimeSpan.FromSeconds(2);

    /// <summary>Probes until the banner comes; only cancellation ends it otherwise. <paramref name="failed"/> is told what each failed probe met.</summary>
    public static async Task WaitAsync(string host, int port, Action<string> failed, CancellationToken cancellationToken)
    {
        var limit = FirstLimit;
        while (await ProbeAsync(host, port, limit, cancellationToken) is { } failure)
        {
            failed(failure);
            limit = limit * 1.5 < LastLimit ? limit * 1.5 : LastLimit;
        }
    }

    // Null when the banner came. Waits also when refused at once, so that a caller may simply loop.
    private static async Task<string?> ProbeAsync(string host, int port, TimeSpan probeLimit, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(probeLimit);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var failure = "connected, but no banner came";
        try
        {
            await socket.ConnectAsync(host, port, limit.Token);
            var banner = new byte[4];
            var count = 0;
            while (count < banner.Length && await socket.ReceiveAsync(banner.AsMemory(count), limit.Token) is var read and > 0)
            {
                count += read;
            }

            if (Encoding.ASCII.GetString(banner) == "SSH-")
            {
                return null;
            }

            failure = count == 0 ? "closed without a byte" : "not an SSH server";
        }
        catch (SocketException exception)
        {
            failure = exception.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return failure;
        }

        await Task.Delay(FirstLimit, cancellationToken);
        return failure;
    }
}
