using System.Threading.Channels;
using KextDev.Guests.Ssh;

namespace KextDev.Guests.Qemu;

/// <summary>Waits until a guest can be logged in to: its console says so or its SSH server's banner comes, whichever is first.</summary>
public sealed class GuestAnswer(QemuMachine machine, TimeSpan limit, string definitionFile, TimeProvider clock)
{
    /// <summary>Printed by the guest's init once its SSH server listens.</summary>
    public const string ReadyLine = "KEXTDEV READY";

    /// <summary>Printed by the guest's init when it waits to be saved, or to go on: as Images/RenewProgram says it.</summary>
    private const string SavableLine = "KEXTDEV SAVABLE";

    private int _probes;
    private string _lastProbe = "";

    /// <summary>Waits for a machine that was just started.</summary>
    /// <exception cref="InfrastructureException">It does not answer within the limit, panics, or QEMU is gone.</exception>
    public Task WaitAsync(CancellationToken cancellationToken) =>
        WaitAsync(ended => Task.WhenAny(machine.Console.WaitForLineAsync(ReadyLine, ended), WaitForBannerAsync(ended)).Unwrap(), cancellationToken);

    /// <summary>Waits for a restored machine, without a connection that it has to attend to.</summary>
    /// <exception cref="InfrastructureException">It does not say that it is ready within the limit, panics, or QEMU is gone.</exception>
    public Task WaitForReadyLineAsync(CancellationToken cancellationToken) =>
        WaitAsync(ended => machine.Console.WaitForLineAsync(ReadyLine, ended), cancellationToken);

    /// <summary>Waits until a machine can be saved: true then, false when its init never asks for it and it can be logged in to.</summary>
    /// <exception cref="InfrastructureException">It does neither within the limit, panics, or QEMU is gone.</exception>
    public async Task<bool> WaitUntilSavableAsync(CancellationToken cancellationToken)
    {
        var savable = false;
        await WaitAsync(
            async ended =>
            {
                var asks = machine.Console.WaitForLineAsync(SavableLine, ended);
                var first = await Task.WhenAny(asks, machine.Console.WaitForLineAsync(ReadyLine, ended), WaitForBannerAsync(ended));
                await first;
                savable = first == asks;
            },
            cancellationToken);
        return savable;
    }

    /// <summary>Asks a machine that answered before; what its console said then proves nothing now.</summary>
    /// <exception cref="InfrastructureException">It is not running any more, or does not answer within the limit.</exception>
    public async Task WaitAgainAsync(CancellationToken cancellationToken)
    {
        var status = await machine.QueryStatusAsync(cancellationToken);
        if (status != "running")
        {
            throw QemuFailure.OfGuest(machine, $"does not run (QEMU calls it {status})", "", "It takes a new start.");
        }

        await WaitAsync(WaitForBannerAsync, cancellationToken);
    }

    private async Task WaitAsync(Func<CancellationToken, Task> waitForAnswer, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var events = machine.Qmp.Subscribe();
        var answer = waitForAnswer(ended.Token);
        var death = WaitForDeathAsync(events, ended.Token);
        var late = Task.Delay(limit, clock, ended.Token);
        try
        {
            var first = await Task.WhenAny(answer, death, late);
            cancellationToken.ThrowIfCancellationRequested();
            if (first == death)
            {
                throw QemuFailure.OfGuest(machine, await death, Tried(), $"The guest's init script and kernel are named in {definitionFile}.");
            }

            if (first == late)
            {
                var status = await machine.QueryStatusAsync(cancellationToken);
                throw QemuFailure.OfGuest(
                    machine,
                    $"did not answer within {limit.TotalSeconds:0.#} s (QEMU calls it {status})",
                    Tried(),
                    $"A slow host may need a larger \"startLimit\" in {definitionFile}.");
            }

            await first;
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(answer, death, late).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private Task WaitForBannerAsync(CancellationToken cancellationToken) =>
        SshBanner.WaitAsync(machine.State.Endpoint.Host, machine.State.Endpoint.Port, Note, cancellationToken);

    private string Tried() =>
        $"Waited for a console line that starts with '{ReadyLine}', and asked {machine.State.Endpoint.Host}:{machine.State.Endpoint.Port} "
        + $"for an SSH banner {_probes} times (last: {(_lastProbe.Length > 0 ? _lastProbe : "no attempt ended")}).";

    private void Note(string failure)
    {
        _probes++;
        _lastProbe = failure;
    }

    // A sentence's end that tells how the machine died.
    private static async Task<string> WaitForDeathAsync(ChannelReader<QmpEvent> events, CancellationToken cancellationToken)
    {
        await foreach (var qmpEvent in events.ReadAllAsync(cancellationToken))
        {
            // A kernel that panics before its panic device's driver is loaded just resets the machine.
            if (qmpEvent.Name is "GUEST_PANICKED" or "SHUTDOWN")
            {
                return "panicked or switched itself off while it booted";
            }
        }

        return "is gone: QEMU ended while it booted";
    }
}
