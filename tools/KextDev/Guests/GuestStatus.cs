using System.Net;

namespace KextDev.Guests;

/// <summary>A guest that runs on this machine.</summary>
/// <param name="Name">The definition's name, with a number when it is not the only one.</param>
/// <param name="Condition">In the hypervisor's own word, such as "running" or "guest-panicked"; "in use" when only its user can ask.</param>
/// <param name="Accelerator">What executes its instructions; null when the driver does not tell.</param>
/// <param name="User">Who uses it now, such as "process 4711 (Build)"; null when nobody does.</param>
/// <param name="Kept">False for a guest that ends with the run that started it.</param>
public sealed record GuestStatus(
    string Name, string Condition, Accelerator? Accelerator, GuestEndpoint Endpoint, DateTimeOffset Started, string? User, bool Kept, string? ConsoleFile)
{
    /// <summary>Where its kernel speaks KDP through a serial port: see <see cref="IKdpPort"/>. Null where it has none.</summary>
    public EndPoint? KdpPort { get; init; }
}
