using KextDev.Guests;
using KextDev.Platforms.Linux;

namespace KextDev.Platforms;

/// <summary>The only switch over operating systems.</summary>
public static class KernelPlatforms
{
    public static IKernelPlatform Of(GuestPlatform platform) => platform switch
    {
        GuestPlatform.Linux => new LinuxPlatform(),
        _ => throw new ArgumentOutOfRangeException(nameof(platform), platform, "No such platform."),
    };
}
