using KextDev.Debuggers.Kdp;
using KextDev.Debuggers.Lldb;
using KextDev.Platforms;

namespace KextDev.Debugging;

/// <summary>A way for lldb to the kernel of one guest. Disposing it lets the kernel run on, however far it came.</summary>
internal interface ITransport : IAsyncDisposable
{
    /// <summary>For the user: what it is, and what it can and cannot do.</summary>
    string Description { get; }

    /// <summary>A kernel that waits in the debugger already answers nobody else: what it tells there. Null where it runs, as far as can be seen.</summary>
    Task<KdpInspection?> FindStoppedAsync(CancellationToken cancellationToken);

    /// <summary>What the way in needs of a kernel that runs, told before anything is done to it.</summary>
    /// <param name="arguments">What the kernel was told at its start.</param>
    /// <param name="hasSymbols">Whether the kernel's own functions have names in this session.</param>
    /// <exception cref="InfrastructureException">The kernel cannot be stopped so: why, and what to do.</exception>
    void Require(BreakIn breakIn, BootArguments arguments, bool hasSymbols);

    /// <summary>Stops the kernel, or waits until it stops.</summary>
    Task<OpenedTransport> OpenAsync(BreakIn breakIn, CancellationToken cancellationToken);
}

/// <summary>A kernel that a debugger may come to.</summary>
/// <param name="Connect">The command with which lldb does.</param>
/// <param name="RunTo">A function to run to before the session is handed over; null where the kernel stands as asked.</param>
/// <param name="TextStart">Where the kernel's code begins, as it tells; null where the transport does not ask it, or it is not slid.</param>
internal sealed record OpenedTransport(string Connect, RunTo? RunTo, ulong? TextStart);
