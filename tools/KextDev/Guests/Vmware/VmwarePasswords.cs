namespace KextDev.Guests.Vmware;

/// <summary>
/// What VMware wants to be told in secret. Passwords come from the environment, or else from a person; they are kept in no file and shown in no message.
/// vmrun takes them on its command line only, which other users of the machine can read while it runs: each is given to those calls alone that need it.
/// </summary>
/// <param name="ask">Asks a person at a terminal, without showing what is typed; null where there is none. Returns null when nothing was typed.</param>
public sealed class VmwarePasswords(Func<string, string?>? ask)
{
    public const string MachineVariable = "KEXTDEV_VM_PASSWORD";
    public const string GuestVariable = "KEXTDEV_GUEST_PASSWORD";

    private readonly Dictionary<string, string?> _known = new(StringComparer.Ordinal);

    /// <summary>That the machine is encrypted with; null when none is known, as for most machines.</summary>
    /// <exception cref="InfrastructureException">The machine is encrypted, and no password was given.</exception>
    public string? OfMachine(VmxFile vmx, string path) =>
        vmx.Get("encryption.keySafe") is null && vmx.Get("encryption.data") is null
            ? null
            : Get(MachineVariable, $"Password of the encrypted virtual machine {Path.GetFileName(path)}")
                ?? throw new InfrastructureException($"The virtual machine {path} is encrypted, and its password is not known. Put it into the environment variable {MachineVariable}.");

    /// <summary>That a user of the guest's system has.</summary>
    /// <exception cref="InfrastructureException">None was given.</exception>
    public string OfGuestUser(string user, string path) =>
        Get(GuestVariable, $"Password of {user} in the guest {Path.GetFileName(path)}")
            ?? throw new InfrastructureException($"VMware asks for the password of {user} in the guest of {path}, which is not known. Put it into the environment variable {GuestVariable}.");

    private string? Get(string variable, string question)
    {
        if (!_known.TryGetValue(variable, out var password))
        {
            password = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? given : ask?.Invoke(question);
            _known[variable] = password is { Length: > 0 } ? password : null;
        }

        return _known[variable];
    }
}
