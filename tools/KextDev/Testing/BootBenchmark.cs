using KextDev.Guests;
using KextDev.Guests.Qemu;
using KextDev.Guests.Ssh;
using KextDev.Shells;

namespace KextDev.Testing;

/// <summary>
/// From the start of a guest to its first SSH command: as KextDev does it from a snapshot and afresh, and as the same machine does it when QEMU is started by hand
/// and polled with ssh. They take turns, so that a slow moment of the host hits all.
/// </summary>
public sealed class BootBenchmark(GuestDefinition definition, GuestSite site, TimeProvider clock)
{
    public async Task<BootFigures> RunAsync(int rounds, CancellationToken cancellationToken)
    {
        // Downloads, the image, the snapshot and the proof of the accelerator are not what is measured.
        await TimeOursAsync(cold: false, cancellationToken);
        var warm = new List<TimeSpan>();
        var cold = new List<TimeSpan>();
        var bare = new List<TimeSpan>();
        for (var round = 0; round < rounds; round++)
        {
            warm.Add(await TimeOursAsync(cold: false, cancellationToken));
            cold.Add(await TimeOursAsync(cold: true, cancellationToken));
            bare.Add(await TimeBareAsync(cancellationToken));
        }

        return new BootFigures(Median(warm), Median(cold), Median(bare));
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);

    private async Task<TimeSpan> TimeOursAsync(bool cold, CancellationToken cancellationToken)
    {
        await using var guest = GuestFactory.Create(definition, site with { Cold = cold });
        var start = clock.GetTimestamp();
        var endpoint = await guest.StartAsync(cancellationToken);
        if (guest is IKeepable { Joined: true })
        {
            throw new InfrastructureException($"The boot of {definition.Name} cannot be measured: a kept guest runs already and was joined. End it by ./build.sh VmDown.");
        }

        await using var shell = await GuestShell.ConnectAsync(endpoint, cancellationToken);
        await shell.RunAsync("true", cancellationToken);
        return clock.GetElapsedTime(start);
    }

    private async Task<TimeSpan> TimeBareAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("kextdev-bare").FullName;
        try
        {
            var machine = await BareMachine.PrepareAsync(definition, site, folder, cancellationToken);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var start = clock.GetTimestamp();
            var running = machine.Command.TryRunAsync(stop.Token);
            try
            {
                await SshBanner.WaitAsync(machine.Endpoint.Host, machine.Endpoint.Port, _ => { }, cancellationToken);

                // The first connection to a booting guest may be reset once.
                while ((await InteractiveShell.Command(machine.Endpoint, "true").TryRunAsync(cancellationToken)).ExitCode != 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }

                return clock.GetElapsedTime(start);
            }
            finally
            {
                await stop.CancelAsync();
                await running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

/// <summary>Medians of the rounds.</summary>
public sealed record BootFigures(TimeSpan Warm, TimeSpan Cold, TimeSpan Bare)
{
    public double Ratio => Cold / Bare;

    public double WarmRatio => Warm / Cold;
}
