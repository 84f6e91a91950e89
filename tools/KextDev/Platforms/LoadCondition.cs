namespace KextDev.Platforms;

/// <summary>One thing that decides whether a guest's system loads an extension under development, as it was found.</summary>
/// <param name="Subject">What was looked at, such as "SIP, kext signing".</param>
/// <param name="Found">What was found, in a few words; may quote the guest.</param>
/// <param name="WayOut">What to change, where, and by which command; empty where nothing is to be done.</param>
public sealed record LoadCondition(string Subject, string Found, LoadEffect Effect = LoadEffect.None, string WayOut = "")
{
    /// <summary>Whether the guest's boot arguments decide it, which can be changed while it runs.</summary>
    public bool IsBootArgument { get; init; }
}

public enum LoadEffect
{
    /// <summary>It is as it should be.</summary>
    None,

    /// <summary>The guest does not say, or documentation does not.</summary>
    Unknown,

    /// <summary>Extensions load, but not under a kernel made for debugging.</summary>
    HindersDebugging,

    PreventsLoading,
}
