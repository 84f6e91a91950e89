namespace KextDev.Debuggers.Kdp;

/// <summary>How patient a debugger is: a target that is stopped answers at once, and one that is not never does.</summary>
public sealed record KdpOptions
{
    /// <summary>How long one datagram waits for its answer before it is sent again.</summary>
    public TimeSpan ReplyTimeout { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How often it is sent before the session's sequence is begun anew.</summary>
    public int Tries { get; init; } = 4;

    /// <summary>How often that is done before the target counts as lost.</summary>
    public int Rounds { get; init; } = 5;
}
