using KextDev.Debuggers.Lldb;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Processes;
using KextDev.Testing;

namespace KextDev.Debugging;

/// <summary>Opens the debugger on a kernel that died in a run: tells its backtrace, with the names of the build that was loaded, and offers the session.</summary>
/// <param name="options">Of each session; the guest is the run's.</param>
/// <param name="offer">May run the debugger; the dead guest waits meanwhile.</param>
public sealed class PanicWitness(KernelDebugOptions options, RunJournal journal, Func<HostCommand, CancellationToken, Task> offer) : IPanicWitness
{
    // A macOS kernel prints its report before it listens.
    private static readonly TimeSpan PanicLimit = TimeSpan.FromSeconds(30);

    private WitnessedGuest? _guest;
    private OpenedTarget? _target;

    public async Task MeetAsync(WitnessedGuest guest, CancellationToken cancellationToken)
    {
        var own = options with { Guest = guest.Definition };
        await using var transport = DebugTransports.Choose(own, guest.Guest, Site);
        var kernel = await new OpenTarget(own, transport, journal).FindKernelAsync(guest.Guest, guest.Shell, cancellationToken);

        // The guest is halted once it is dead: until then it needs nothing but to stay where it dies.
        transport.Require(transport is KdpTransport ? BreakIn.Panic : BreakIn.Now, await guest.Platform.ReadBootArgumentsAsync(cancellationToken), kernel is not null);
        _guest = guest;
        _target = new OpenedTarget(guest.Image, await guest.Platform.LocateAsync(guest.Extension, cancellationToken), kernel);
    }

    public async Task AttendAsync(CancellationToken cancellationToken)
    {
        try
        {
            await DebugAsync(script => TellAsync(script, cancellationToken), cancellationToken);

            // A debugger that left has left for good: the next one is let in anew.
            await DebugAsync(script => offer(LldbProgram.Session(script, commands: null, batch: false), cancellationToken), cancellationToken);
        }
        catch (InfrastructureException exception)
        {
            journal.Publish(new NoteGiven($"No debugger was opened on the dead kernel. {exception.Message}"));
        }
    }

    private GuestSite Site => new(options.State, sentence => journal.Publish(new NoteGiven(sentence))) { AskSecret = options.AskSecret };

    private async Task DebugAsync(Func<string, Task> debug, CancellationToken cancellationToken)
    {
        if (_guest is not { } guest || _target is not { } target)
        {
            throw new InfrastructureException("It died before it was known where its functions lie. KernelDebug is for kernels that die as early.");
        }

        var own = options with { Guest = guest.Definition };
        await using var transport = DebugTransports.Choose(own, guest.Guest, Site);
        if (transport is KdpTransport)
        {
            target = await new OpenTarget(own, transport, journal).FindInAsync(guest.Guest, await FindStoppedAsync(transport, cancellationToken), cancellationToken);
        }

        var opened = await transport.OpenAsync(BreakIn.Now, cancellationToken);
        var script = Path.Combine(options.Folder, $"{guest.Definition.Name}-panic.lldb");
        await File.WriteAllTextAsync(script, DebugSession.ScriptOf(target, opened).ToString(), cancellationToken);
        await debug(script);
    }

    private async Task TellAsync(string script, CancellationToken cancellationToken)
    {
        var lines = await LldbProgram.BacktraceAsync(script, cancellationToken);
        journal.Publish(new NoteGiven("The dead kernel, as the debugger sees it:"));
        foreach (var line in lines)
        {
            journal.Publish(new NoteGiven(line));
        }
    }

    private static async Task<Debuggers.Kdp.KdpInspection> FindStoppedAsync(ITransport transport, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(PanicLimit);
        try
        {
            while (true)
            {
                if (await transport.FindStoppedAsync(limit.Token) is { } stopped)
                {
                    return stopped;
                }
            }
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InfrastructureException($"It did not come into the debugger within {PanicLimit.TotalSeconds:0} s.", exception);
        }
    }
}
