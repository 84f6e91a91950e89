namespace KextDev.Toolchains.Darwin;

/// <summary>Apple's kernel headers in an SDK.</summary>
internal static class KernelHeaders
{
    private const string Framework = "System/Library/Frameworks/Kernel.framework";

    // In every version of the framework, and in no other folder.
    private const string Sign = "mach/mach_types.h";

    /// <summary>The folder Headers of Kernel.framework.</summary>
    /// <param name="sdk">The SDK's folder, the framework's, or the headers' own.</param>
    /// <exception cref="InfrastructureException">There are no such headers.</exception>
    public static string Find(string sdk)
    {
        var folder = Path.GetFullPath(sdk);
        string[] places = [Path.Combine(folder, Framework, "Headers"), Path.Combine(folder, "Headers"), folder];
        var why = Directory.Exists(folder) ? $"there is no {Framework}/Headers/{Sign} in it" : "there is no such folder";
        return Array.Find(places, place => File.Exists(Path.Combine(place, Sign)))
            ?? throw new InfrastructureException(
                $"The kext cannot be built against the SDK {folder}: {why}. Name a macOS SDK, or its Kernel.framework.");
    }
}
