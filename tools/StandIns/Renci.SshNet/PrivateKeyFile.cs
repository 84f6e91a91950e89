using Renci.SshNet.Common;

namespace Renci.SshNet;

/// <summary>Where private keys come from.</summary>
public interface IPrivateKeySource
{
}

/// <summary>A private key in a file.</summary>
public class PrivateKeyFile : IPrivateKeySource
{
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="SshException">The file holds no private key.</exception>
    public PrivateKeyFile(string fileName)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileName);
        if (!File.ReadLines(fileName).Any(line => line.StartsWith("-----BEGIN ", StringComparison.Ordinal) && line.Contains("PRIVATE KEY", StringComparison.Ordinal)))
        {
            throw new SshException("Invalid private key file.");
        }

        FileName = Path.GetFullPath(fileName);
    }

    internal string FileName { get; }
}
