using KextDev.Hosts;

namespace KextDev.Toolchains.Darwin;

/// <summary>Finds the tools of this host. The only place that asks which kind of host it is.</summary>
public static class KextToolchains
{
    /// <summary>What a host that is no Mac must have.</summary>
    public static IReadOnlyList<HostNeed> Needs => OperatingSystem.IsMacOS() ? [] : HostNeed.Darwin;

    /// <param name="sdk">A macOS SDK, or the Kernel.framework of one; null for the Mac's own, elsewhere for the project's own headers.</param>
    /// <exception cref="InfrastructureException">A tool or the SDK is missing.</exception>
    public static async Task<IKextToolchain> FindAsync(string? sdk, CancellationToken cancellationToken) => OperatingSystem.IsMacOS()
        ? await AppleToolchain.FindAsync(sdk, cancellationToken)
        : await CrossToolchain.FindAsync(sdk, cancellationToken);
}
