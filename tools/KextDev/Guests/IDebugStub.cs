using System.Net;

namespace KextDev.Guests;

/// <summary>A guest whose hypervisor speaks gdb's remote protocol for its processors: it can halt a running kernel.</summary>
public interface IDebugStub
{
    /// <summary>Why there is no stub to be had, and the way out, as the rest of a sentence; null where there is one.</summary>
    /// <param name="atBoot">Whether the machine shall be halted before its first instruction.</param>
    string? FindObstacle(bool atBoot);

    /// <summary>Halts the machine, and serves one debugger at a time until the result is disposed; then the machine runs on.</summary>
    /// <param name="atBoot">Restarts it, and halts it before its first instruction.</param>
    /// <exception cref="InfrastructureException">The hypervisor refused, in its own words.</exception>
    Task<DebugStub> HaltAsync(bool atBoot, CancellationToken cancellationToken);
}

/// <summary>Where a hypervisor speaks gdb's remote protocol.</summary>
/// <param name="endPoint">A socket of this machine's: a file, or a port of loopback.</param>
public abstract class DebugStub(EndPoint endPoint) : IAsyncDisposable
{
    public EndPoint EndPoint => endPoint;

    /// <summary>Closes the stub and lets the machine run on.</summary>
    public abstract ValueTask DisposeAsync();
}
