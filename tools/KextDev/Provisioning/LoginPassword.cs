using KextDev.Guests;
using KextDev.Guests.Vmware;

namespace KextDev.Provisioning;

/// <summary>The password of one user of a guest: from the environment, or else from a person, asked once and kept in memory alone.</summary>
internal sealed class LoginPassword(GuestSite site)
{
    private string? _known;

    /// <exception cref="InfrastructureException">None was given.</exception>
    public string Of(string user, string guest)
    {
        if (_known is null)
        {
            var given = Environment.GetEnvironmentVariable(VmwarePasswords.GuestVariable);
            _known = given is { Length: > 0 } ? given : site.AskSecret?.Invoke($"Password of {user} in the guest {guest}");
        }

        return _known is { Length: > 0 } password
            ? password
            : throw new InfrastructureException(
                $"The guest {guest} was not set up: it does not know the key yet, or {user} needs a password for sudo, and none was given. "
                + $"Put it into the environment variable {VmwarePasswords.GuestVariable}, or run this at a terminal.");
    }
}
