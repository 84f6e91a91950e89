using KextDev.Processes;

namespace KextDev.Bundles;

/// <param name="Identity">
/// Name or SHA-1 of a Developer ID certificate, as "security find-identity" prints it. The private key stays in the keychain.
/// </param>
/// <param name="Keychain">Path of the keychain to look in; the user's search list when null.</param>
public sealed record SigningIdentity(string Identity, string? Keychain = null);

/// <summary>Apple's commands to sign and pack a kext on a Mac. What is secret goes through standard input, which no log shows.</summary>
public static class SigningCommands
{
    /// <summary>Unlocks a keychain for codesign, its password unseen by the process list.</summary>
    /// <exception cref="ArgumentException">A line break in the password or the path: "security -i" reads one command a line.</exception>
    public static HostCommand UnlockKeychain(string keychain, string password)
    {
        if ((keychain + password).AsSpan().IndexOfAny('\n', '\r', '\0') >= 0)
        {
            throw new ArgumentException("A keychain's path and password must be one line each.", nameof(password));
        }

        return new HostCommand("security", "-i")
        {
            StandardInput = $"unlock-keychain -p {Quote(password)} {Quote(keychain)}\n",
        };
    }

    public static HostCommand Sign(string bundleFolder, SigningIdentity identity) => new(
        "codesign",
        ["--force", "--timestamp", "--sign", identity.Identity, .. Keychain(identity), Path.GetFullPath(bundleFolder)]);

    public static HostCommand VerifySignature(string bundleFolder) =>
        new("codesign", "--verify", "--strict", "--verbose=2", Path.GetFullPath(bundleFolder));

    /// <summary>An installer package that puts the bundle into /Library/Extensions, owned by root:wheel.</summary>
    /// <param name="rootFolder">A folder that holds NAME.kext alone.</param>
    /// <param name="installer">A Developer ID Installer certificate; unsigned when null.</param>
    /// <exception cref="InfrastructureException">A test build.</exception>
    public static HostCommand BuildInstaller(string rootFolder, KextInfo info, string packagePath, SigningIdentity? installer)
    {
        KextPackage.RefuseTestBuild(info);
        IEnumerable<string> signing = installer is null ? [] : ["--sign", installer.Identity, "--timestamp", .. Keychain(installer)];
        return new HostCommand(
            "pkgbuild",
            [
                "--root", Path.GetFullPath(rootFolder),
                "--identifier", info.Identifier,
                "--version", info.Version,
                "--install-location", KextPackage.InstallFolder,
                "--ownership", "recommended",
                .. signing,
                Path.GetFullPath(packagePath),
            ]);
    }

    private static IEnumerable<string> Keychain(SigningIdentity identity) =>
        identity.Keychain is null ? [] : ["--keychain", identity.Keychain];

    /// <summary>A word of security's command line: in double quotes, these and backslashes escaped.</summary>
    private static string Quote(string word) =>
        $"\"{word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
