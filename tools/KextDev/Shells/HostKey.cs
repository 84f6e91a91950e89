using System.Security.Cryptography;

namespace KextDev.Shells;

/// <summary>A server's public key, as in a known_hosts line without its host.</summary>
internal sealed record HostKey(string Type, string Base64)
{
    private byte[] Blob => Convert.FromBase64String(Base64);

    /// <summary>As ssh-keygen -l prints it: "SHA256:..." without padding.</summary>
    public string Fingerprint => "SHA256:" + Convert.ToBase64String(SHA256.HashData(Blob)).TrimEnd('=');

    /// <param name="text">"ssh-ed25519 AAAA...", a comment may follow.</param>
    /// <exception cref="InfrastructureException">The text is no public key.</exception>
    public static HostKey Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return words is [var type, var base64, ..] && Convert.TryFromBase64String(base64, new byte[base64.Length], out _)
            ? new HostKey(type, base64)
            : throw new InfrastructureException(
                $"The guest's pinned host key is no public key: '{text}'. It looks like 'ssh-ed25519 AAAA...', as in the guest's /etc/ssh/ssh_host_ed25519_key.pub.");
    }

    public bool Matches(ReadOnlySpan<byte> blob) => blob.SequenceEqual(Blob);
}
