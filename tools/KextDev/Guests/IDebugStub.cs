using System.Net;

namespace KextDev.Guests;

/// <summary>A guest whose hypervisor speaks gdb's remote protocol for its processors: it can halt a running kernel.</summary>
public interface IDebugStub
{
    /// <summary>Halts the machine, and serves one debugger at a time until the result is disposed; then the machine runs on.</summary>
    /// <exception cref="InfrastructureException">The hypervisor refused, in its own words.</exception>
    Task<DebugStub> HaltAsync(CancellationToken cancellationToken);
}

/// <summary>Where a hypervisor speaks gdb's remote protocol.</summary>
/// <param name="endPoint">A socket of this machine's: a file, or a port of loopback.</param>
public abstract class DebugStub(EndPoint endPoint) : IAsyncDisposable
{
    public EndPoint EndPoint => endPoint;

    /// <summary>Closes the stub and lets the machine run on.</summary>
    public abstract ValueTask DisposeAsync();
}
