using KextDev.Processes;
using KextDev.Projects;

namespace KextDev.Toolchains.Darwin;

/// <summary>Apple's own tools on a Mac. Every command line is made here as data; tests read them on any host.</summary>
/// <param name="clangVersion">The compiler's own words.</param>
/// <param name="sdk">The macOS SDK's folder, or a folder with kernel headers alone.</param>
/// <param name="kernelHeaders">The headers in it.</param>
public sealed class AppleToolchain(string clangVersion, string sdk, string kernelHeaders) : IKextToolchain
{
    /// <summary>codesign's name for a signature without a certificate.</summary>
    private const string AdHoc = "-";

    private static readonly string[] s_clang = ["xcrun", "--sdk", "macosx", "clang"];

    public IReadOnlyList<string> Compiler => s_clang;

    public string CompilerVersion { get; } = clangVersion;

    public bool HasLibkmod => true;

    /// <exception cref="InfrastructureException">Xcode's tools or the SDK are missing.</exception>
    public static async Task<AppleToolchain> FindAsync(string? sdk, CancellationToken cancellationToken)
    {
        try
        {
            var version = (await Run([.. s_clang, "--version"]).RunAsync(cancellationToken)).Output.Split('\n')[0];
            var folder = sdk ?? (await Run(["xcrun", "--sdk", "macosx", "--show-sdk-path"]).RunAsync(cancellationToken)).Output.Trim();
            return new AppleToolchain(version, Path.GetFullPath(folder), KernelHeaders.Find(folder));
        }
        catch (HostCommandException exception)
        {
            throw new InfrastructureException(
                $"The kext cannot be compiled: Apple's tools do not answer. Install them: xcode-select --install. {exception.Message}", exception);
        }
    }

    public IReadOnlyList<string> HeaderFlags(DarwinExtension extension) => ["-isystem", kernelHeaders];

    /// <summary>clang drives ld: -kext makes an MH_KEXT_BUNDLE, libkmod brings the entries that kmod_info names.</summary>
    public HostCommand LinkCommand(KextLink link) => Run(
    [
        .. s_clang,
        "-target", $"x86_64-apple-macosx{link.DeploymentTarget}",
        .. kernelHeaders.StartsWith(sdk + "/System/", StringComparison.Ordinal) ? ["-isysroot", sdk] : Array.Empty<string>(),
        "-nostdlib", "-Xlinker", "-kext",
        .. link.Objects.Select(made => made.Path),
        .. link.HasCPlusPlus ? ["-lkmodc++"] : Array.Empty<string>(),
        "-lkmod",
        "-lcc_kext",
        "-o", link.Output,
    ]);

    public static HostCommand StripCommand(KextLink link, string output) => Run(["xcrun", "strip", "-S", "-o", output, link.Output]);

    public async Task<bool> LinkAsync(KextLink link, CompilerLine tell, CancellationToken cancellationToken)
    {
        var result = await LinkCommand(link).TryRunAsync(cancellationToken);
        foreach (var line in (result.Output + result.Error).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            tell(line);
        }

        return result.ExitCode == 0;
    }

    public Task StripAsync(KextLink link, string output, CancellationToken cancellationToken) =>
        StripCommand(link, output).RunAsync(cancellationToken);

    public HostCommand MakeDsym(string executable, string dsymFolder) => Run(["xcrun", "dsymutil", "-o", dsymFolder, executable]);

    /// <summary>A signature without a certificate seals the files; Package signs anew with a Developer ID.</summary>
    public IReadOnlyList<HostCommand> Finish(string bundleFolder) =>
        [Run(["xcrun", "codesign", "--force", "--timestamp=none", "--sign", AdHoc, bundleFolder])];

    // Equal objects give an equal executable: ld leaves the objects' times out of the debug map.
    private static HostCommand Run(IReadOnlyList<string> words) => new(words[0], words.Skip(1))
    {
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["ZERO_AR_DATE"] = "1" },
    };
}
