namespace Renci.SshNet;

/// <summary>One way to prove who connects.</summary>
public abstract class AuthenticationMethod
{
    protected AuthenticationMethod(string username) => Username = username;

    public string Username { get; }
}

/// <summary>Proof by private keys, tried in their order.</summary>
public class PrivateKeyAuthenticationMethod : AuthenticationMethod
{
    public PrivateKeyAuthenticationMethod(string username, params IPrivateKeySource[] keyFiles)
        : base(username) => KeyFiles = keyFiles;

    internal IReadOnlyList<IPrivateKeySource> KeyFiles { get; }
}
