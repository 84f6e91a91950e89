namespace KextDev.Guests;

/// <summary>A guest that tells where it is about to answer before it is ready, so that who wants to connect can begin.</summary>
public interface IExpected
{
    /// <summary>Called while the guest starts, with null where it will not answer there, after all.</summary>
    Action<GuestEndpoint?>? Expected { get; set; }
}
