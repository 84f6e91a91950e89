using KextDev.Platforms;

namespace KextDev.Debugging;

/// <summary>A guest that is up and whose kernel's start can be configured.</summary>
/// <remarks>Disposing it leaves the guest as it found it: up where it ran, ended where it was started for this.</remarks>
internal interface IDebugTarget : IAsyncDisposable
{
    /// <summary>What people call the arguments: "boot-args", "kernel arguments".</summary>
    string ArgumentsName { get; }

    /// <summary>A command for people that sets the arguments without KextDev.</summary>
    string SetCommand(string? arguments);

    /// <summary>The settings with what depends on the guest filled in.</summary>
    /// <exception cref="InfrastructureException">They do not fit the guest.</exception>
    Task<TargetSettings> PrepareAsync(TargetSettings settings, CancellationToken cancellationToken);

    /// <summary>Installs the debug kit's kernel, where the settings name a kit.</summary>
    /// <exception cref="InfrastructureException">A step failed.</exception>
    Task InstallKernelAsync(TargetSettings settings, CancellationToken cancellationToken);

    /// <exception cref="InfrastructureException">A step failed.</exception>
    Task RemoveKernelAsync(string suffix, CancellationToken cancellationToken);

    Task<TargetState> ReadAsync(CancellationToken cancellationToken);

    BootArguments Merge(TargetState state, TargetSettings settings);

    /// <summary>What stands in the way of debugging, and what the settings bring with them; sentences.</summary>
    Task<IReadOnlyList<string>> WarnAsync(TargetSettings settings, CancellationToken cancellationToken);

    /// <summary>What is done besides, and what cannot be, in order; sentences.</summary>
    IReadOnlyList<string> Steps { get; }

    /// <summary>Settings of the machine's own that are changed with the kernel's, as they are; null where none are.</summary>
    IReadOnlyDictionary<string, string?>? Machine => null;

    /// <summary>Has the machine's settings changed at the restart.</summary>
    /// <param name="restored">As <see cref="Machine"/> told them before; null for debugging's.</param>
    /// <returns>What changes, line by line; empty for nothing.</returns>
    IReadOnlyList<string> PlanMachine(IReadOnlyDictionary<string, string?>? restored) => [];

    /// <summary>Sets what the next start is told; null for nothing.</summary>
    Task<KernelAnswer> WriteAsync(string? arguments, CancellationToken cancellationToken);

    /// <summary>Restarts the guest, and returns when another kernel answers than the one of before.</summary>
    /// <exception cref="InfrastructureException">It did not come back in time.</exception>
    Task RestartAsync(CancellationToken cancellationToken);

    /// <summary>Leaves the guest up, and tells what people should know of how long the configuration lasts; empty where there is nothing to say.</summary>
    string Keep();
}

/// <summary>How a guest was started, and how it will be.</summary>
/// <param name="Running">What the kernel that runs was told.</param>
/// <param name="Stored">What is set for the next start, as it stands; null where nothing is.</param>
internal sealed record TargetState(BootArguments Running, string? Stored)
{
    public BootArguments Next => BootArguments.Parse(Stored ?? "");

    /// <summary>The words that the running kernel was not told though it should have been.</summary>
    public IReadOnlyList<string> MissingOf(BootArguments wanted) => [.. wanted.Words.Except(Running.Words)];
}
