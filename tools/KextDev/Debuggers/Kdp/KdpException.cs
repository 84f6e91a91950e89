namespace KextDev.Debuggers.Kdp;

/// <summary>A kernel does not answer, or not as KDP does. Nothing of the session is left.</summary>
public sealed class KdpException(KdpFailure failure, string message, Exception? cause = null) : InfrastructureException(message, cause)
{
    public KdpFailure Failure { get; } = failure;
}

public enum KdpFailure
{
    /// <summary>Nobody answered in time, however often it was asked.</summary>
    NoAnswer,

    /// <summary>Another debugger has the session.</summary>
    Refused,

    /// <summary>The answer is none that the protocol knows.</summary>
    BadAnswer,
}
