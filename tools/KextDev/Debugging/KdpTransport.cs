using System.Globalization;
using System.Net;
using KextDev.Debuggers.Kdp;
using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Platforms.Darwin;
using KextDev.Shells;

namespace KextDev.Debugging;

/// <summary>A macOS kernel that waits in the debugger, over KDP: by lldb itself, or by a bridge for an lldb that does not know it.</summary>
internal sealed class KdpTransport(KernelDebugOptions options, IGuest guest, GuestSite site, bool isDirect) : ITransport
{
    private const string RestartCommand = "shutdown -r now";

    // A kernel that waits answers at once; one that runs never does.
    private static readonly KdpOptions Glance = new() { Tries = 2, Rounds = 1 };

    private static readonly TimeSpan NmiLimit = TimeSpan.FromSeconds(30);

    // A Mac ends its programs one by one before it restarts.
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _end = new();
    private KdpClient? _client;
    private KdpBridge? _bridge;
    private Task? _serving;
    private Func<CancellationToken, Task>? _interrupt;

    public string Description =>
        $"{(isDirect ? "lldb's own kdp-remote" : "gdb-remote, by a bridge that speaks KDP")}; the kernel of {guest.Name} is reached while it waits in the debugger. "
        + (guest is INmi && !isDirect ? "An NMI stops it while it runs (boot-arg debug=0x4)." : "It cannot be interrupted once it runs: set breakpoints first.");

    public async Task<KdpInspection?> FindStoppedAsync(CancellationToken cancellationToken)
    {
        if (await KdpEndPoint.FindAsync(options.Guest, site, cancellationToken) is not { } target || await TryConnectAsync(target, cancellationToken) is not { } client)
        {
            return null;
        }

        _client = client;
        _interrupt = await KdpEndPoint.FindNmiAsync(guest, cancellationToken);
        return await KdpInspection.ReadAsync(client, cancellationToken);
    }

    public void Require(BreakIn breakIn, BootArguments arguments, bool hasSymbols)
    {
        var flags = (arguments.Get("debug") is { } value ? DebugBits.Read(value) : null) ?? 0;
        _interrupt = guest is INmi nmi && (flags & DebugBits.Nmi) != 0 ? nmi.SendNmiAsync : null;
        var missing = breakIn switch
        {
            _ when flags == 0 => "its boot-args have no debug=",
            BreakIn.Now when guest is not INmi => "KDP cannot interrupt a kernel that runs, and nothing here can send it an NMI. Press the machine's NMI keys, or --break panic waits for a panic",
            BreakIn.Now when _interrupt is null => "its boot-args have no debug= with DB_NMI",
            BreakIn.Boot when (flags & DebugBits.Halt) == 0 => "its boot-args have no debug= with DB_HALT (--debug-flags DB_HALT)",
            _ => null,
        };
        if (missing is not null)
        {
            throw new InfrastructureException(
                $"The session was not begun: the kernel of guest {options.Guest.Name} does not stop for a debugger by --break {breakIn.ToString().ToLowerInvariant()}: {missing}. "
                + $"./build.sh KernelConfigureTarget --guest {options.Guest.Name} sets boot-args.");
        }
    }

    public async Task<OpenedTransport> OpenAsync(BreakIn breakIn, CancellationToken cancellationToken)
    {
        _client ??= await StopAsync(breakIn, cancellationToken);
        var textStart = KdpInspection.TextStartIn(_client.KernelVersion);
        if (isDirect)
        {
            var host = ((IPEndPoint)_client.Target).Address;
            await LetGoAsync(client => client.ReleaseAsync(CancellationToken.None));
            return new OpenedTransport($"kdp-remote {host}", RunTo: null, textStart);
        }

        _bridge = new KdpBridge(_client, port: 0, _interrupt);
        _serving = _bridge.RunAsync(_end.Token);
        return new OpenedTransport(string.Create(CultureInfo.InvariantCulture, $"gdb-remote 127.0.0.1:{_bridge.Port}"), RunTo: null, textStart);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        if (_serving is { } serving)
        {
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!serving.IsCompletedSuccessfully)
            {
                await LeaveAsync(_bridge!);
            }
        }

        // One that no debugger came for runs on; one that panicked waits, whatever is said to it.
        await LetGoAsync(client => _serving is null ? client.DetachAsync(CancellationToken.None) : Task.CompletedTask);
        _bridge?.Dispose();
        _serving = null;
        _end.Dispose();
    }

    private static async Task<KdpClient?> TryConnectAsync(EndPoint target, CancellationToken cancellationToken)
    {
        try
        {
            return await KdpClient.ConnectAsync(target, Glance, takeOver: true, cancellationToken);
        }
        catch (KdpException exception) when (exception.Failure == KdpFailure.NoAnswer)
        {
            return null;
        }
    }

    private async Task LetGoAsync(Func<KdpClient, Task> farewell)
    {
        if (_client is { } client)
        {
            _client = null;
            await using (client)
            {
                await farewell(client);
            }
        }
    }

    private async Task LeaveAsync(KdpBridge bridge)
    {
        try
        {
            using var limit = new CancellationTokenSource(NmiLimit);
            if (!await bridge.LeaveAsync(limit.Token))
            {
                site.Note($"The kernel of {guest.Name} runs with the session's breakpoints in it, for KDP cannot interrupt it: it waits in the debugger when it meets one. KernelDebug again, or a restart of the guest, ends that.");
            }
        }
        catch (Exception exception) when (exception is InfrastructureException or OperationCanceledException)
        {
            site.Note($"The kernel of {guest.Name} could not be told that its debugger left: {exception.Message} It may wait in the debugger: KernelDebug again, or a restart of the guest, ends that.");
        }
    }

    private async Task<KdpClient> StopAsync(BreakIn breakIn, CancellationToken cancellationToken)
    {
        var target = await KdpEndPoint.FindAsync(options.Guest, site, cancellationToken)
            ?? throw new InfrastructureException($"Where the kernel of guest {options.Guest.Name} is found is not known any more: the guest is not up. ./build.sh VmStatus tells.");
        switch (breakIn)
        {
            case BreakIn.Panic:
                site.Note($"The kernel of {guest.Name} runs; the session begins when it panics. Ctrl-C ends the waiting.");
                return await WaitAsync(target, limit: null, cancellationToken);
            case BreakIn.Boot:
                await using (var shell = await GuestShell.ConnectAsync(await guest.StartAsync(cancellationToken), cancellationToken))
                {
                    if (await GuestRestart.AskAsync(shell, RestartCommand, cancellationToken) is { } refusal)
                    {
                        throw new InfrastructureException($"The guest {guest.Name} was not restarted: '{RestartCommand}' answered: {refusal}");
                    }
                }

                return await WaitAsync(target, ShutdownLimit + TimeSpan.FromSeconds(options.Guest.StartLimit), cancellationToken);
            default:
                await _interrupt!(cancellationToken);
                return await WaitAsync(target, NmiLimit, cancellationToken);
        }
    }

    private async Task<KdpClient> WaitAsync(EndPoint target, TimeSpan? limit, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        waiting.CancelAfter(limit ?? Timeout.InfiniteTimeSpan);
        try
        {
            while (true)
            {
                if (await TryConnectAsync(target, waiting.Token) is { } client)
                {
                    return client;
                }
            }
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InfrastructureException(
                $"The kernel of guest {options.Guest.Name} did not come into the debugger within {limit!.Value.TotalSeconds:0} s. Its console tells why: ./build.sh VmStatus names the file. "
                + "System Integrity Protection forbids kernel debugging where it is on.",
                exception);
        }
    }
}
