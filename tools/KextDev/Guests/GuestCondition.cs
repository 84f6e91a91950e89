using System.Net;

namespace KextDev.Guests;

/// <summary>What is known of a definition's machine without starting it or changing anything.</summary>
public sealed record GuestCondition(GuestPower Power)
{
    /// <summary>Where it answers; null when it does not run, or does not answer yet.</summary>
    public GuestEndpoint? Endpoint { get; init; }

    /// <summary>Who uses it now, such as "process 4711 (Build)"; null when nobody does.</summary>
    public string? User { get; init; }

    /// <summary>The snapshot that it goes on from; null when there is none, or nothing tells.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Where its kernel speaks KDP through a serial port: see <see cref="IKdpPort"/>. Null where it has none, or does not run.</summary>
    public EndPoint? KdpPort { get; init; }

    /// <summary>False for a machine that ends with the run that started it.</summary>
    public bool Stays { get; init; } = true;
}

public enum GuestPower
{
    /// <summary>It has not been made yet, or was deleted.</summary>
    Absent,
    Off,
    Running,

    /// <summary>It sends no SSH banner, and there is no other way to ask.</summary>
    Silent,
}
