using KextDev.Bundles;
using KextDev.Processes;

namespace KextDev.Toolchains.Darwin;

/// <param name="Application">Signs the bundle; null leaves it as it was built.</param>
/// <param name="Installer">Signs the installer package, which is made only with one.</param>
/// <param name="KeychainPassword">Unlocks the keychain of the identities; null when it is open.</param>
public sealed record PackageSigning(SigningIdentity? Application = null, SigningIdentity? Installer = null, string? KeychainPassword = null)
{
    public bool IsWanted => Application is not null || Installer is not null;
}

/// <summary>Packs a built kext: a zip of bundle and dSYM anywhere, signature and installer on a Mac.</summary>
/// <param name="folder">Where the packages go.</param>
public sealed class KextPackaging(string folder, PackageSigning signing)
{
    /// <returns>Full paths of what was made.</returns>
    /// <exception cref="InfrastructureException">A test build; a signature where there is no codesign; or the disk refused.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(Kext kext, CancellationToken cancellationToken)
    {
        if (signing.IsWanted && !OperatingSystem.IsMacOS())
        {
            throw new InfrastructureException(
                $"{kext.Info.Name}.kext cannot be signed here: codesign and pkgbuild exist on a Mac only. "
                + "Run Package on a Mac, or leave the identities out.");
        }

        if (signing.KeychainPassword is not null && (signing.Application ?? signing.Installer)?.Keychain is null)
        {
            throw new InfrastructureException(
                $"{kext.Info.Name}.kext was not signed: a password is given, and not for which keychain. Name the keychain by --keychain PATH.");
        }

        foreach (var command in SigningSteps(kext))
        {
            await command.RunAsync(cancellationToken);
        }

        var zip = KextPackage.Create(folder, kext.Info, kext.BundleFolder, kext.DsymFolder);
        if (signing.Installer is null)
        {
            return [zip];
        }

        var installer = Path.ChangeExtension(zip, ".pkg");
        var root = Directory.CreateTempSubdirectory("kextdev-package-").FullName;
        try
        {
            foreach (var command in InstallerSteps(kext, root, installer))
            {
                await command.RunAsync(cancellationToken);
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        return [zip, installer];
    }

    internal IReadOnlyList<HostCommand> SigningSteps(Kext kext) =>
    [
        .. (signing.Application ?? signing.Installer)?.Keychain is { } keychain && signing.KeychainPassword is { } password
            ? [SigningCommands.UnlockKeychain(keychain, password)]
            : Array.Empty<HostCommand>(),
        .. signing.Application is { } identity
            ? [SigningCommands.Sign(kext.BundleFolder, identity), SigningCommands.VerifySignature(kext.BundleFolder)]
            : Array.Empty<HostCommand>(),
    ];

    /// <param name="root">An empty folder: pkgbuild takes all that is in it.</param>
    internal IReadOnlyList<HostCommand> InstallerSteps(Kext kext, string root, string installer) =>
    [
        // ditto keeps modes and signature.
        new HostCommand("ditto", kext.BundleFolder, Path.Combine(root, Path.GetFileName(kext.BundleFolder))),
        SigningCommands.BuildInstaller(root, kext.Info, installer, signing.Installer),
    ];
}
