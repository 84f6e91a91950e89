using KextDev.Guests;

namespace KextDev.Shells;

/// <summary>The SSH connection to a guest broke while it was in use. What the guest did before is known; what it does now is not.</summary>
public sealed class ConnectionLostException : InfrastructureException
{
    public ConnectionLostException(GuestEndpoint endpoint, Exception cause)
        : base(
            $"The SSH connection to {endpoint.User}@{endpoint.Host} port {endpoint.Port} is lost: {cause.Message} " +
            "Look at the guest's console: its kernel may have panicked, hang, or be restarting.",
            cause) => Endpoint = endpoint;

    public GuestEndpoint Endpoint { get; }
}
