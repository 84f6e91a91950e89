namespace KextDev;

/// <summary>
/// The surroundings of a run are broken: a missing tool, a guest that never answers, a full disk. Never the kernel's own behaviour, which is data.
/// The message says what happened, to what, why, and the way out, in that order.
/// </summary>
public class InfrastructureException : Exception
{
    public InfrastructureException(string message)
        : base(message)
    {
    }

    public InfrastructureException(string message, Exception? cause)
        : base(message, cause)
    {
    }
}
