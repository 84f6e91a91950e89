using KextDev.Guests;

namespace KextDev.Shells;

/// <summary>The SSH connection to a guest broke while it was in use. What the guest did before is known; what it does now is not.</summary>
public sealed class ConnectionLostException : InfrastructureException
{
    public ConnectionLostException(GuestEndpoint endpoint, Exception cause)
        : this(endpoint, cause.Message, "", cause)
    {
    }

    private ConnectionLostException(GuestEndpoint endpoint, string how, string then, Exception cause)
        : base(
            $"The SSH connection to {endpoint.User}@{endpoint.Host} port {endpoint.Port} is lost: {how} {then}" +
            "Look at the guest's console: its kernel may have panicked, hang, or be restarting.",
            cause) => (Endpoint, How) = (endpoint, how);

    public GuestEndpoint Endpoint { get; }

    /// <summary>In the words of whoever noticed.</summary>
    public string How { get; }

    /// <summary>The same loss, after which the command's output could not be read on.</summary>
    /// <param name="why">A sentence.</param>
    public ConnectionLostException For(string why) => new(Endpoint, How, $"{why} ", this);
}
