using System.Net;
using System.Net.Sockets;
using KextDev.Guests;

namespace KextDev.GuestTests.Guests.Vmware;

/// <summary>An address at which a guest is reached until it leaves it: connections are handed on to the one that it has.</summary>
internal sealed class FormerAddress : IAsyncDisposable
{
    public const string Address = "127.77.7.7";

    private readonly GuestEndpoint _guest;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _ends = new();
    private readonly Task _serving;

    public FormerAddress(GuestEndpoint guest)
    {
        _guest = guest;
        _listener = new TcpListener(IPAddress.Parse(Address), guest.Port);
        _listener.Start();
        _serving = ServeAsync();
    }

    public bool WasUsed { get; private set; }

    /// <summary>Who comes from now on meets nobody; those who are connected stay so.</summary>
    public void Leave() => _listener.Stop();

    public async ValueTask DisposeAsync()
    {
        Leave();
        await _ends.CancelAsync();
        await _serving;
        _ends.Dispose();
    }

    private async Task ServeAsync()
    {
        var served = new List<Task>();
        try
        {
            while (true)
            {
                served.Add(HandOnAsync(await _listener.AcceptTcpClientAsync(_ends.Token)));
                WasUsed = true;
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task HandOnAsync(TcpClient client)
    {
        using var guest = new TcpClient();
        using (client)
        {
            try
            {
                await guest.ConnectAsync(_guest.Host, _guest.Port, _ends.Token);
                await Task.WhenAny(client.GetStream().CopyToAsync(guest.GetStream(), _ends.Token), guest.GetStream().CopyToAsync(client.GetStream(), _ends.Token));
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // Either end went away, as both do in the end.
            }
        }
    }
}
