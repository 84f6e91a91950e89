namespace KextDev.Guests;

/// <summary>A guest whose address may change at a restart: a DHCP server gave it out.</summary>
public interface IMovable
{
    /// <summary>Where the started guest answers now.</summary>
    /// <exception cref="InfrastructureException">It answered nowhere within its limit.</exception>
    Task<GuestEndpoint> LocateAsync(CancellationToken cancellationToken);
}
