using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Platforms.Linux;
using KextDev.Shells;

namespace KextDev.Debugging;

/// <summary>A Linux guest whose kernel KextDev starts itself: what it is told besides lies on this host, for every later start.</summary>
internal sealed class QemuTarget(GuestDefinition definition, GuestSite site) : IDebugTarget
{
    private IGuest? _guest;
    private GuestShell? _shell;
    private bool _kept;

    public string ArgumentsName => "kernel arguments";

    public IReadOnlyList<string> Steps => ["The guest ends and starts anew. Its gdb stub takes no configuration: KernelDebug opens it for its session."];

    private GuestShell Shell => _shell ?? throw new InfrastructureException($"The guest {definition.Name} is not up.");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _guest = GuestFactory.Create(definition, site);
        var endpoint = await _guest.StartAsync(cancellationToken);
        _kept |= _guest is IKeepable { Joined: true };
        _shell = await GuestShell.ConnectAsync(endpoint, cancellationToken);
    }

    public string SetCommand(string? arguments) =>
        arguments is null ? $"remove {AddedArguments.FileOf(definition.Name, site.State)}" : $"write into {AddedArguments.FileOf(definition.Name, site.State)}: {arguments}";

    public Task<TargetSettings> PrepareAsync(TargetSettings settings, CancellationToken cancellationToken) =>
        Task.FromResult(settings.RequireLinux(definition.Name));

    public Task InstallKernelAsync(TargetSettings settings, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task RemoveKernelAsync(string suffix, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<TargetState> ReadAsync(CancellationToken cancellationToken) => new(
        BootArguments.Parse((await Shell.RunAsync("cat /proc/cmdline", cancellationToken)).Output), AddedArguments.Read(definition.Name, site.State));

    public BootArguments Merge(TargetState state, TargetSettings settings) => settings.AddLinux(state.Running, state.Next);

    public Task<IReadOnlyList<string>> WarnAsync(TargetSettings settings, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);

    public Task<KernelAnswer> WriteAsync(string? arguments, CancellationToken cancellationToken)
    {
        AddedArguments.Write(definition.Name, site.State, arguments);
        return Task.FromResult(KernelAnswer.Yes);
    }

    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        var before = await NameBootAsync(cancellationToken);
        await EndShellAsync();
        await _guest!.StopAsync(cancellationToken);
        await _guest.DisposeAsync();
        await StartAsync(cancellationToken);
        if (_kept)
        {
            (_guest as IKeepable)?.Keep();
        }

        if (await NameBootAsync(cancellationToken) == before)
        {
            throw new InfrastructureException($"The guest {definition.Name} was not restarted: the kernel of before answers. End it by ./build.sh VmDown --guest {definition.Name}, then try again.");
        }
    }

    public string Keep() => $"Every start of guest {definition.Name} from this checkout is told so, until --undo.";

    public async ValueTask DisposeAsync()
    {
        await EndShellAsync();
        await (_guest?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private Task<string> NameBootAsync(CancellationToken cancellationToken) =>
        BootId.ReadAsync(Shell, cancellationToken);

    private async Task EndShellAsync()
    {
        var shell = _shell;
        _shell = null;
        await (shell?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
