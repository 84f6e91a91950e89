using KextDev.Processes;

namespace KextDev.Guests.Images;

/// <summary>The keys of a checkout, made once: one to log in to its guests with, one that its guests prove themselves with.</summary>
/// <param name="ClientKey">File with an OpenSSH private key, mode 0600; the public one lies beside it with ".pub".</param>
/// <param name="HostKey">The same, of the guests.</param>
public sealed record GuestKeys(string ClientKey, string HostKey)
{
    /// <summary>"ssh-ed25519 AAAA...".</summary>
    public string ClientPublicKey => PublicKey(ClientKey);

    public string HostPublicKey => PublicKey(HostKey);

    public static async Task<GuestKeys> GetAsync(string folder, Note note, CancellationToken cancellationToken)
    {
        var keys = new GuestKeys(Path.Combine(folder, "client_ed25519"), Path.Combine(folder, "host_ed25519"));
        if (keys.Files.All(File.Exists))
        {
            return keys;
        }

        using var held = await FolderLock.TakeAsync(folder, note, cancellationToken);
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var key in new[] { keys.ClientKey, keys.HostKey }.Where(key => !File.Exists(key) || !File.Exists(key + ".pub")))
        {
            var unfinished = key + ".unfinished";
            File.Delete(unfinished);
            await new HostCommand("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kextdev", "-f", unfinished).RunAsync(cancellationToken);
            File.Move(unfinished + ".pub", key + ".pub", overwrite: true);
            File.Move(unfinished, key, overwrite: true);
        }

        return keys;
    }

    private IEnumerable<string> Files => [ClientKey, ClientKey + ".pub", HostKey, HostKey + ".pub"];

    private static string PublicKey(string key) => string.Join(' ', File.ReadAllText(key + ".pub").Split(' ').Take(2)).TrimEnd();
}
