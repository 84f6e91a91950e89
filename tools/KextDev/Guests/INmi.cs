namespace KextDev.Guests;

/// <summary>A guest whose hypervisor has the button that interrupts a machine whatever it does.</summary>
public interface INmi
{
    /// <summary>Sends a non-maskable interrupt. A macOS kernel stops in its debugger then (boot-arg debug=0x4), the embedded Linux guest's panics.</summary>
    /// <exception cref="InfrastructureException">The hypervisor refused, in its own words.</exception>
    Task SendNmiAsync(CancellationToken cancellationToken);
}
