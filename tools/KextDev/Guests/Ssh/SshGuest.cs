using KextDev.Processes;
using KextDev.Toolchains;

namespace KextDev.Guests.Ssh;

/// <summary>A machine that can be reached by SSH and of which nothing else is known: physical, or run by somebody else.</summary>
/// <remarks>It is started and stopped by the definition's commands; where it names none, the machine is taken as it is and left so.</remarks>
public sealed class SshGuest(GuestDefinition definition, GuestSite site) : IGuest, IKeepable, IKernelHeaders, IRestartable
{
    /// <summary>Of a start or stop command: a machine with firmware of its own takes its time to come up.</summary>
    private static readonly TimeSpan CommandLimit = TimeSpan.FromMinutes(5);

    private GuestEndpoint? _endpoint;
    private FolderLock? _held;
    private bool _kept;

    public string Name => definition.Name;

    /// <summary>True when the machine ran before: what is loaded into it must be taken out again.</summary>
    public bool Joined { get; private set; }

    public string? RestartObstacle => definition is { StartCommand: not null, StopCommand: not null }
        ? null
        : $"Only a person can restart it: {definition.File} has no \"startCommand\" and \"stopCommand\". Restart the machine, then run the tests again.";

    private string Folder => Path.Combine(site.State.Guests, definition.Name);

    public async Task<GuestEndpoint> StartAsync(CancellationToken cancellationToken)
    {
        if (_endpoint is not null)
        {
            return _endpoint;
        }

        var held = FolderLock.TryTake(Folder)
            ?? throw new InfrastructureException($"The guest {Name} is in use by {FolderLock.Holder(Folder)}: there is one such machine. Wait for that, then try again.");
        var started = false;
        try
        {
            site.Note($"The guest {Name} is reached by SSH alone: it has no snapshot and no console, so each run finds it as the last one left it, and a panic shows as a lost connection, or by the report that macOS writes of it when it starts again.");
            var ssh = new SshEndpoint(definition, site);
            Joined = definition.StartCommand is null;
            if (definition.StartCommand is { } start)
            {
                Joined = await SshMachine.AnswersAsync(definition.Host!, ssh.Port, cancellationToken);
                if (!Joined)
                {
                    started = true;
                    try
                    {
                        await RunAsync("startCommand", start, cancellationToken);
                    }
                    catch (InfrastructureException exception) when (exception.InnerException is HostCommandException)
                    {
                        // It says itself that it started nothing: a machine that runs in spite of that is somebody else's.
                        started = false;
                        throw;
                    }
                }
            }

            await WaitAsync(ssh.Port, cancellationToken);
            _endpoint = await ssh.GetAsync(definition.Host!, cancellationToken);
            _held = held;
            return _endpoint;
        }
        catch
        {
            using (held)
            {
                if (started)
                {
                    await EndAsync();
                }
            }

            throw;
        }
    }

    public void Keep() => _kept = true;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var mine = _held is not null;
        using var held = _held ?? FolderLock.TryTake(Folder)
            ?? throw new InfrastructureException($"The guest {Name} was not stopped: {FolderLock.Holder(Folder)} uses it. Wait for that, or end it, then try again.");
        _held = null;
        _endpoint = null;
        if (definition.StopCommand is { } stop)
        {
            await RunAsync("stopCommand", stop, cancellationToken);
        }
        else if (!mine)
        {
            site.Note($"The guest {Name} goes on running: no \"stopCommand\" in {definition.File} stops it.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_held is null)
        {
            return;
        }

        if (Joined || _kept)
        {
            _held.Dispose();
            _held = null;
        }
        else
        {
            await StopAsync(CancellationToken.None);
        }
    }

    public Task<KernelTree> GetKernelTreeAsync(CancellationToken cancellationToken) => ForeignKernel.GetTreeAsync(definition, site, cancellationToken);

    // After a start that failed, which is what the caller is told of.
    private async Task EndAsync()
    {
        if (definition.StopCommand is not { } stop)
        {
            return;
        }

        try
        {
            await RunAsync("stopCommand", stop, CancellationToken.None);
        }
        catch (InfrastructureException exception)
        {
            site.Note($"The guest {Name} may go on running, although its start failed. {exception.Message}");
        }
    }

    private async Task WaitAsync(int port, CancellationToken cancellationToken)
    {
        var last = "no attempt ended";
        var limit = TimeSpan.FromSeconds(definition.StartLimit);
        using var late = new CancellationTokenSource(limit, site.Clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await SshBanner.WaitAsync(definition.Host!, port, failure => last = failure, ends.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InfrastructureException(
                $"The guest {Name} did not answer within {limit.TotalSeconds:0} s: {definition.Host} port {port} sent no SSH banner (last: {last}). "
                + $"Check that the machine runs with its SSH server on (macOS: System Preferences, Sharing, Remote Login), and \"host\" and \"port\" in {definition.File}.",
                exception);
        }
    }

    private async Task RunAsync(string key, string command, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(CommandLimit, site.Clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await new HostCommand("/bin/sh", "-c", command) { WorkingDirectory = Path.GetDirectoryName(definition.File) }.RunAsync(ends.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InfrastructureException(
                $"\"{key}\" of guest {Name} did not end within {CommandLimit.TotalMinutes:0} min and was killed: {command}. Let it return as soon as the machine is on its way.", exception);
        }
        catch (HostCommandException exception)
        {
            throw new InfrastructureException($"\"{key}\" of guest {Name} failed. {exception.Message}\nCorrect it in {definition.File}.", exception);
        }
    }
}
