namespace KextDev.Shells;

/// <summary>How long a guest may be silent.</summary>
internal sealed record ConnectionPatience
{
    public static ConnectionPatience Usual { get; } = new();

    /// <summary>How often a silent guest is asked whether it lives; three questions without an answer are a lost connection.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For how long a connection is tried again, the first one and each that takes a lost one's place.</summary>
    public TimeSpan Connecting { get; init; } = TimeSpan.FromSeconds(30);
}
