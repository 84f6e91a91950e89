using KextDev.Platforms.Darwin;
using KextDev.Platforms.Linux;
using KextDev.Projects;
using KextDev.Shells;

namespace KextDev.Platforms;

/// <summary>The only switch over operating systems.</summary>
public static class KernelPlatforms
{
    /// <summary>What the system behind a shell does with extensions.</summary>
    /// <exception cref="InfrastructureException">The guest runs another system.</exception>
    public static async Task<IKernelPlatform> OpenAsync(GuestPlatform platform, GuestShell shell, CancellationToken cancellationToken) => platform switch
    {
        GuestPlatform.Linux => new LinuxPlatform(shell),
        GuestPlatform.Darwin => await DarwinPlatform.OpenAsync(shell, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(platform), platform, "No such platform."),
    };

    /// <summary>What the system behind a shell is, in its own words; asks for nothing that needs to be root.</summary>
    public static Task<SystemSummary> SummarizeAsync(GuestPlatform platform, GuestShell shell, CancellationToken cancellationToken) => platform switch
    {
        GuestPlatform.Linux => LinuxSummary.ReadAsync(shell, cancellationToken),
        GuestPlatform.Darwin => DarwinSummary.ReadAsync(shell, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(platform), platform, "No such platform."),
    };
}
