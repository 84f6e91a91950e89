namespace KextDev.Guests.Qemu;

/// <summary>QEMU refused to run a machine: its command line, its port, or its being there at all is what is wrong, not the guest.</summary>
public sealed class QemuStartException(string message) : InfrastructureException(message);
