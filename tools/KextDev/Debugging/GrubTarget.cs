using KextDev.Guests;
using KextDev.Guests.Vmware;
using KextDev.Platforms;
using KextDev.Platforms.Linux;
using KextDev.Shells;

namespace KextDev.Debugging;

/// <summary>A Linux guest that its own GRUB starts, and in a VMware machine the debug stub: what of it can only be set while the machine is off is set at the restart.</summary>
internal sealed class GrubTarget : IDebugTarget
{
    // A system ends its programs one by one before it stops.
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private const string EndCommand = "shutdown -h now";

    private readonly GuestDefinition _definition;
    private readonly GuestSite _site;
    private readonly TimeProvider _clock;
    private readonly MachineStub? _stub;
    private IGuest _guest;
    private GuestEndpoint _endpoint;
    private GuestShell? _shell;
    private GrubArguments _grub;
    private bool _kept;

    public GrubTarget(IGuest guest, GuestDefinition definition, GuestEndpoint endpoint, GuestShell shell, GrubArguments grub, GuestSite site, TimeProvider clock)
    {
        _guest = guest;
        _definition = definition;
        _endpoint = endpoint;
        _shell = shell;
        _grub = grub;
        _site = site;
        _clock = clock;
        _kept = guest is IKeepable { Joined: true };
        _stub = definition.Driver == GuestDriver.Vmware ? new MachineStub(definition) : null;
    }

    public string ArgumentsName => "kernel arguments";

    public IReadOnlyList<string> Steps =>
    [
        $"GRUB adds them to its own: {GrubArguments.File} is written, then {_grub.UpdateCommand} run.",
        _stub is null ? "The guest restarts. It has no gdb stub: nothing but its SSH server is known of it."
            : _stub.IsPlanned ? $"The guest shuts down, its machine's debug stub is set in {_definition.VmxFile}, and it starts again:"
            : "The guest restarts. Its machine's debug stub is set as it shall be.",
    ];

    public IReadOnlyDictionary<string, string?>? Machine => _stub?.Settings;

    private GuestShell Shell => _shell ?? throw new InfrastructureException($"The guest {_definition.Name} is not reached any more since it was restarted.");

    public IReadOnlyList<string> PlanMachine(IReadOnlyDictionary<string, string?>? restored) => _stub?.Plan(restored) ?? [];

    public string SetCommand(string? arguments) => arguments is null
        ? $"rm -f {GrubArguments.File}; {_grub.UpdateCommand}"
        : $"put {arguments} into {GrubArguments.File}, then {_grub.UpdateCommand}";

    public Task<TargetSettings> PrepareAsync(TargetSettings settings, CancellationToken cancellationToken) =>
        GrubArguments.Objectionable(settings.RequireLinux(_definition.Name).Others).FirstOrDefault() is { } word
            ? throw new InfrastructureException($"The argument {word} was not set: GRUB would read blanks, quotes and signs such as $ and ; in it as its own. Set it by hand in the guest.")
            : Task.FromResult(settings);

    public Task InstallKernelAsync(TargetSettings settings, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task RemoveKernelAsync(string suffix, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<TargetState> ReadAsync(CancellationToken cancellationToken) => new(
        BootArguments.Parse((await Shell.RunAsync("cat /proc/cmdline", cancellationToken)).Output), await _grub.ReadAsync(cancellationToken));

    public BootArguments Merge(TargetState state, TargetSettings settings) => settings.AddLinux(state.Running, state.Next);

    public Task<IReadOnlyList<string>> WarnAsync(TargetSettings settings, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);

    public Task<KernelAnswer> WriteAsync(string? arguments, CancellationToken cancellationToken) => _grub.WriteAsync(arguments, cancellationToken);

    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        var old = Shell;
        _shell = null;
        if (_stub is { IsPlanned: true } stub)
        {
            await EndAsync(old, cancellationToken);
            _site.Note($"As it was, the machine's file is kept in {stub.Apply(_clock.GetLocalNow())}.");
            await StartAnewAsync(cancellationToken);
            _shell = await GuestShell.ConnectAsync(_endpoint, cancellationToken);
        }
        else
        {
            var limit = ShutdownLimit + TimeSpan.FromSeconds(_definition.StartLimit);
            _shell = await new GuestRestart(_guest, _endpoint, BootId.ReadAsync, limit, _clock).RunAsync(old, _grub.AsRoot("shutdown -r now"), cancellationToken);
        }

        _grub = _grub.Over(_shell);
    }

    public string Keep()
    {
        _kept |= _definition.ForgetsAtStart;
        return DebugTargets.Keep(_guest, _definition);
    }

    public async ValueTask DisposeAsync()
    {
        await (_shell?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _guest.DisposeAsync();
    }

    // The guest's own system ends it: what it has not written yet would be lost with the power, and GRUB reads no journal.
    private async Task EndAsync(GuestShell shell, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(ShutdownLimit, _clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ends.Token);
        var asked = GuestRestart.AskAsync(shell, _grub.AsRoot(EndCommand), over.Token);
        try
        {
            var vmrun = Vmrun.Of(_definition, _site);
            while (await vmrun.IsRunningAsync(ends.Token))
            {
                if (asked is { IsCompletedSuccessfully: true, Result: { } refusal })
                {
                    throw new InfrastructureException($"The guest {_definition.Name} was not shut down: '{EndCommand}' answered: {refusal}");
                }

                await Task.Delay(Pause, ends.Token);
            }
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InfrastructureException(
                $"The guest {_definition.Name} did not shut down within {ShutdownLimit.TotalSeconds:0} s after '{EndCommand}', so its machine was not changed. "
                + "Shut it down on its screen, then try again.",
                exception);
        }
        finally
        {
            await over.CancelAsync();
            await shell.DisposeAsync();
            await asked;
        }
    }

    // Its snapshot would take back what was just set.
    private async Task StartAnewAsync(CancellationToken cancellationToken)
    {
        await _guest.DisposeAsync();
        _guest = GuestFactory.Create(_definition with { Snapshot = null }, _site);
        _endpoint = await _guest.StartAsync(cancellationToken);
        if (_kept)
        {
            ((IKeepable)_guest).Keep();
        }
    }
}
