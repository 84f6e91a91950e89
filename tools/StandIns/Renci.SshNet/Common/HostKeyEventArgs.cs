using System.Security.Cryptography;

namespace Renci.SshNet.Common;

/// <summary>A server's key, offered before anything is proven to it.</summary>
public class HostKeyEventArgs : EventArgs
{
    internal HostKeyEventArgs(string hostKeyName, byte[] hostKey)
    {
        HostKeyName = hostKeyName;
        HostKey = hostKey;
        FingerPrintSHA256 = Convert.ToBase64String(SHA256.HashData(hostKey)).TrimEnd('=');
    }

    /// <summary>Whether to go on. Stricter than the published package: a handler that says nothing refuses.</summary>
    public bool CanTrust { get; set; }

    /// <summary>The public key as SSH sends it, which is what stands base64-coded in a known_hosts file.</summary>
    public byte[] HostKey { get; }

    /// <summary>The key's type: "ssh-ed25519".</summary>
    public string HostKeyName { get; }

    /// <summary>Base64 without padding, as ssh-keygen -l prints it behind "SHA256:".</summary>
    public string FingerPrintSHA256 { get; }
}
