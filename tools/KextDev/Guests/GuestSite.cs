namespace KextDev.Guests;

/// <summary>Where guests keep what they need on this machine, and whom they tell.</summary>
/// <param name="Note">Told what a driver decides, and what takes long.</param>
public sealed record GuestSite(StateFolder State, Note Note)
{
    /// <summary>Where a guest that is started prints its kernel console; in the guest's own folder when null.</summary>
    public string? ConsoleFile { get; init; }

    /// <summary>Boots a guest afresh even where a snapshot of a booted one could be had.</summary>
    public bool Cold { get; init; }

    /// <summary>Measures how long a guest may take to answer.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Asks a person for a password without showing what is typed; null when there is nobody to ask. Returns null when nothing was typed.</summary>
    public Func<string, string?>? AskSecret { get; init; }

    /// <summary>Where VMware's DHCP server keeps its leases; where VMware's products put them when null.</summary>
    public string? DhcpLeases { get; init; }
}
