using System.Globalization;
using System.Text.RegularExpressions;
using KextDev.Hosts;
using KextDev.MachO;
using KextDev.Processes;
using KextDev.Projects;

namespace KextDev.Toolchains.Darwin;

/// <summary>A kext without a Mac: the host's clang compiles Mach-O objects, <see cref="KextLinker"/> links them.</summary>
/// <param name="clang">Program name or path.</param>
/// <param name="clangVersion">Its own words.</param>
/// <param name="dsymutil">Program name or path.</param>
/// <param name="sdkHeaders">Headers of an SDK's Kernel.framework; null for the project's own.</param>
public sealed partial class CrossToolchain(string clang, string clangVersion, string dsymutil, string? sdkHeaders) : IKextToolchain
{
    private const int OldestClang = 14;
    private const int NewestClang = 22;

    private static readonly IReadOnlyList<int> s_versions = [.. Enumerable.Range(OldestClang, NewestClang - OldestClang + 1).Reverse()];

    public IReadOnlyList<string> Compiler { get; } = [clang];

    public string CompilerVersion { get; } = clangVersion;

    public bool HasLibkmod => false;

    /// <exception cref="InfrastructureException">A tool is missing, or the SDK.</exception>
    public static async Task<CrossToolchain> FindAsync(string? sdk, CancellationToken cancellationToken)
    {
        var names = s_versions.Select(version => $"clang-{version}").Prepend("clang");
        foreach (var program in names.Where(name => ProgramPath.Find(name) is not null))
        {
            var words = (await new HostCommand(program, "--version").RunAsync(cancellationToken)).Output.Split('\n')[0];
            if (MajorOf(words) is { } major && major >= OldestClang)
            {
                return new CrossToolchain(program, words, FindDsymutil(major), sdk is null ? null : KernelHeaders.Find(sdk));
            }
        }

        throw new InfrastructureException(
            $"The kext cannot be compiled: there is no clang of version {OldestClang} or later in PATH. "
            + "./build.sh KernelDeps --platform darwin installs one where it may.");
    }

    public IReadOnlyList<string> HeaderFlags(DarwinExtension extension) =>
        sdkHeaders is not null ? ["-isystem", sdkHeaders]
        : extension.Headers is not null ? ["-I" + extension.Headers]
        : throw new InfrastructureException(
            $"The kext {extension.Info.Name} cannot be compiled: there are no kernel headers. "
            + "Name Apple's by --sdk PATH (a macOS SDK or its Kernel.framework), or a folder of own declarations by platforms.darwin.headers in the manifest.");

    public async Task<bool> LinkAsync(KextLink link, CompilerLine tell, CancellationToken cancellationToken)
    {
        var result = await LinkAsync(link, withDebugMap: true, cancellationToken);
        foreach (var diagnostic in result.Diagnostics)
        {
            tell(InSources(diagnostic.ToString(), link));
        }

        if (result.File is not { } file)
        {
            return false;
        }

        await File.WriteAllBytesAsync(link.Output, file, cancellationToken);
        return true;
    }

    public async Task StripAsync(KextLink link, string output, CancellationToken cancellationToken)
    {
        var result = await LinkAsync(link, withDebugMap: false, cancellationToken);
        var file = result.File ?? throw new InvalidOperationException($"{link.Output} was linked, and not a second time.");
        await File.WriteAllBytesAsync(output, file, cancellationToken);
    }

    // One thread: several write the entries in an order of their own.
    public HostCommand MakeDsym(string executable, string dsymFolder) => new(dsymutil, "-j", "1", "-o", dsymFolder, executable);

    public IReadOnlyList<HostCommand> Finish(string bundleFolder) => [];

    private static async Task<KextLinkResult> LinkAsync(KextLink link, bool withDebugMap, CancellationToken cancellationToken)
    {
        var inputs = new List<LinkInput>();
        foreach (var (made, isLibrary) in link.Objects.Select(made => (made, false)).Concat(link.Library.Select(made => (made, true))))
        {
            // Modified stays 0, as with ZERO_AR_DATE: the time of compiling must not show in the executable.
            inputs.Add(new LinkInput(made.Path, await File.ReadAllBytesAsync(made.Path, cancellationToken)) { IsLibrary = isLibrary });
        }

        return KextLinker.Link(new KextLinkRequest(inputs) { WithDebugMap = withDebugMap }, cancellationToken);
    }

    // People know their sources; the objects are ours.
    private static string InSources(string line, KextLink link) =>
        link.Objects.Concat(link.Library).Aggregate(line, (text, made) => text.Replace(made.Path, made.Source, StringComparison.Ordinal));

    /// <summary>From the first line of "clang --version"; null for what is no clang.</summary>
    internal static int? MajorOf(string words) =>
        Version().Match(words) is { Success: true } match
            ? int.Parse(match.Groups["major"].Value, NumberStyles.None, CultureInfo.InvariantCulture)
            : null;

    // The compiler's own companion first: it knows the debug information of its version.
    private static string FindDsymutil(int clangMajor) =>
        s_versions.Select(version => $"dsymutil-{version}").Prepend("llvm-dsymutil").Prepend("dsymutil").Prepend($"dsymutil-{clangMajor}")
            .FirstOrDefault(name => ProgramPath.Find(name) is not null)
        ?? throw new InfrastructureException(
            "The kext's dSYM cannot be made: there is no dsymutil in PATH. ./build.sh KernelDeps --platform darwin installs one where it may.");

    [GeneratedRegex(@"clang version (?<major>[0-9]{1,4})\.", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Version();
}
