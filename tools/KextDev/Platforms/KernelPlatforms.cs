using KextDev.Guests;
using KextDev.Platforms.Linux;

namespace KextDev.Platforms;

/// <summary>The only switch over operating systems.</summary>
public static class KernelPlatforms
{
    public static IKernelPlatform Of(GuestPlatform platform) => platform switch
    {
        GuestPlatform.Linux => new LinuxPlatform(),
        GuestPlatform.Darwin => throw new InfrastructureException("Kernel extensions of macOS cannot be tested yet: the platform is not there."),
        _ => throw new ArgumentOutOfRangeException(nameof(platform), platform, "No such platform."),
    };
}
