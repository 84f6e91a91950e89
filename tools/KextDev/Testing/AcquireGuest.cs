using KextDev.Events;
using KextDev.Guests;
using KextDev.Symbols;

namespace KextDev.Testing;

/// <summary>Starts or joins the guest, and watches it from its first line on.</summary>
public sealed class AcquireGuest(CrashSymbols symbols, RunJournal journal)
{
    public async Task<AcquiredGuest> RunAsync(IGuest guest, string consoleLog, CancellationToken cancellationToken)
    {
        var endpoint = await guest.StartAsync(cancellationToken);

        // What a joined guest printed before this run belongs to others.
        var start = guest is ISerialConsole console && guest is IKeepable { Joined: true } ? new FileInfo(console.ConsoleFile).Length : 0;
        return new AcquiredGuest(guest, endpoint, GuestWatch.Begin(guest, consoleLog, start, symbols, journal));
    }
}

/// <summary>A guest that answers, and the watch over it.</summary>
public sealed record AcquiredGuest(IGuest Guest, GuestEndpoint Endpoint, GuestWatch Watch) : IAsyncDisposable
{
    /// <summary>Ends the guest first and the watch after it: the console is read to its last line.</summary>
    public async ValueTask DisposeAsync()
    {
        await Guest.DisposeAsync();
        await Watch.DisposeAsync();
    }
}
