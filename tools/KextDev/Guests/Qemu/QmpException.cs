namespace KextDev.Guests.Qemu;

/// <summary>QEMU refused a command of its machine protocol, or cannot be spoken to.</summary>
public sealed class QmpException : InfrastructureException
{
    public QmpException(string message)
        : base(message)
    {
    }

    public QmpException(string message, Exception? cause)
        : base(message, cause)
    {
    }
}
