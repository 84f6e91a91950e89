using KextDev.Guests;
using KextDev.Platforms;
using KextDev.Platforms.Darwin;
using KextDev.Processes;
using KextDev.Shells;

namespace KextDev.Debugging;

/// <summary>A macOS guest: its boot-args are in its nvram, and it restarts itself.</summary>
internal sealed class DarwinTarget(IGuest guest, GuestDefinition definition, GuestEndpoint endpoint, GuestShell shell, SwVers system, TimeProvider clock) : IDebugTarget
{
    // A Mac ends its programs one by one before it restarts.
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromMinutes(2);

    private const string SerialInterface = "serial";
    private const string UsualSuffix = "development";
    private const string UploadedKernel = "/tmp/kextdev-kernel";

    private const string HaltWarning =
        "With DB_HALT a kernel made for development waits at each start until a debugger comes: the guest does not come back by itself, and this ends with an error that says so.";

    private GuestShell? _shell = shell;

    public string ArgumentsName => "boot-args";

    public IReadOnlyList<string> Steps => [];

    /// <exception cref="InfrastructureException">The guest went away at its restart.</exception>
    public GuestShell Shell => _shell ?? throw new InfrastructureException($"The guest {guest.Name} is not reached any more since it was restarted.");

    public string SetCommand(string? arguments) => arguments is null ? "nvram -d boot-args" : $"nvram boot-args={ShellWord.Quote(arguments)}";

    public async Task<TargetSettings> PrepareAsync(TargetSettings settings, CancellationToken cancellationToken)
    {
        var suffix = settings.KernelSuffix ?? UsualSuffix;
        if (settings.Kit is { } kit)
        {
            // What does not fit is told before anything is changed.
            kit.KernelFor(system, suffix);
            KernelInstallation.Install(system, UploadedKernel, suffix);
            return settings with { KernelSuffix = suffix };
        }

        var exists = (await Shell.RunAsync(KernelInstallation.ExistsCommand(suffix), cancellationToken)).ExitCode == 0;
        return exists ? settings with { KernelSuffix = suffix }
            : settings.KernelSuffix is null ? settings
            : throw new InfrastructureException($"The guest {guest.Name} has no /System/Library/Kernels/kernel.{suffix} that could start. Give its debug kit: --kdk FOLDER.");
    }

    public async Task InstallKernelAsync(TargetSettings settings, CancellationToken cancellationToken)
    {
        if (settings is { Kit: { } kit, KernelSuffix: { } suffix })
        {
            await Shell.UploadAsync(kit.KernelFor(system, suffix), UploadedKernel, UnixFileMode.UserRead | UnixFileMode.UserWrite, cancellationToken);
            await RunAsync(KernelInstallation.Install(system, UploadedKernel, suffix), cancellationToken);
            await Shell.RunAsync($"rm -f {UploadedKernel}", cancellationToken);
        }
    }

    public Task RemoveKernelAsync(string suffix, CancellationToken cancellationToken) => RunAsync(KernelInstallation.Remove(system, suffix), cancellationToken);

    public async Task<TargetState> ReadAsync(CancellationToken cancellationToken) => new(
        BootArguments.Parse((await Shell.RunAsync("sysctl -n kern.bootargs", cancellationToken)).Output),
        await new NvramBootArguments(Shell).ReadAsync(cancellationToken));

    public BootArguments Merge(TargetState state, TargetSettings settings) =>
        (guest is IKdpPort ? settings with { Interface = settings.Interface ?? SerialInterface } : settings).MergeDarwin(state.Next, system);

    public async Task<IReadOnlyList<string>> WarnAsync(TargetSettings settings, CancellationToken cancellationToken)
    {
        var facts = await DarwinLoadFacts.ReadAsync(Shell, system, cancellationToken);
        return
        [
            .. facts.Judge().Where(condition => condition.Effect is LoadEffect.PreventsLoading or LoadEffect.HindersDebugging)
                .Select(condition => $"{condition.Subject} is {condition.Found}. {condition.WayOut}"),
            .. settings is { IsForDebugging: true, DebugFlags: { } flags } && (flags & DebugBits.Halt) != 0 ? [HaltWarning] : Array.Empty<string>(),
        ];
    }

    public Task<KernelAnswer> WriteAsync(string? arguments, CancellationToken cancellationToken) => new NvramBootArguments(Shell).WriteAsync(arguments, cancellationToken);

    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        var limit = ShutdownLimit + TimeSpan.FromSeconds(definition.StartLimit);
        var old = Shell;
        _shell = null;
        _shell = await new GuestRestart(guest, endpoint, BootName.ReadAsync, limit, clock).RunAsync(old, "shutdown -r now", cancellationToken);
    }

    public string Keep() => DebugTargets.Keep(guest, definition);

    public async ValueTask DisposeAsync()
    {
        await (_shell?.DisposeAsync() ?? ValueTask.CompletedTask);
        await guest.DisposeAsync();
    }

    private async Task RunAsync(IReadOnlyList<InstallationStep> steps, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            var answer = await Shell.RunAsync(step.Command, cancellationToken);
            if (answer.ExitCode != 0)
            {
                throw new InfrastructureException(
                    $"A step on the kernel of guest {guest.Name} failed: to {step.Purpose}, '{step.Command}' ended with exit code {answer.ExitCode}: {(answer.Error + answer.Output).Trim()} "
                    + "Mend that in the guest, then try again, or --undo.");
            }
        }
    }
}
