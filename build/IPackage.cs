using KextDev.Bundles;
using KextDev.Toolchains.Darwin;
using Nuke.Common;
using Serilog;

/// <summary>What people install.</summary>
internal interface IPackage : IKernelBuild
{
    [Parameter("The folder that Package writes into. Default: .kextdev/packages.")]
    string? Output => TryGetValue(() => Output);

    [Parameter("Package signs with this Developer ID Application certificate: its name or SHA-1 in the keychain. On a Mac only.")]
    string? SigningIdentity => TryGetValue(() => SigningIdentity);

    [Parameter("Package makes an installer as well, signed with this Developer ID Installer certificate. On a Mac only.")]
    string? InstallerIdentity => TryGetValue(() => InstallerIdentity);

    [Parameter("The keychain that holds the certificates. Default: the user's search list.")]
    string? Keychain => TryGetValue(() => Keychain);

    [Parameter("Unlocks the keychain. Better in the environment than on a command line.")]
    [Secret]
    string? KeychainPassword => TryGetValue(() => KeychainPassword);

    Target Package => _ => _
        .Description("Packs the macOS kext and its dSYM as a zip; on a Mac signs it, and makes an installer, with the certificates that are named. A test build is refused.")
        .OnlyWhenStatic(() => RunsKernelTargets)
        .Executes(() => WorkAsync(async token =>
        {
            await RequireAsync(KextToolchains.Needs, token);
            var project = LoadProject();
            var extension = project.RequireDarwin();
            await using var journal = ConsoleJournal();
            var variant = Variant ?? extension.DefaultVariant;
            var built = await BuildKextsAsync(project, [variant], Configuration ?? BuildConfiguration.Release, journal, token);
            var signing = new PackageSigning(Identity(SigningIdentity), Identity(InstallerIdentity), KeychainPassword);
            foreach (var path in await new KextPackaging(Path.GetFullPath(Output ?? State.Packages), signing).RunAsync(built[0], token))
            {
                Log.Information("{Path}", path);
            }
        }));

    private SigningIdentity? Identity(string? name) => name is null ? null : new SigningIdentity(name, Keychain);
}
