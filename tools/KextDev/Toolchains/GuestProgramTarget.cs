namespace KextDev.Toolchains;

/// <summary>What a guest's programs are built for, beyond what their project says.</summary>
/// <param name="Name">A folder's name: programs for different targets lie apart.</param>
/// <param name="Flags">For the compiler, before the project's own.</param>
/// <param name="Sources">Full paths of what is linked to each program.</param>
public sealed record GuestProgramTarget(string Name, IReadOnlyList<string> Flags, IReadOnlyList<string> Sources)
{
    public static GuestProgramTarget Linux { get; } = new("linux", [], []);

    /// <summary>For guests whose macOS kexts run in kexthost: KEXTHOST is defined, and kext/host/client.h reaches devices and kernel controls.</summary>
    /// <param name="hostFolder">KextDev's own kext/host.</param>
    /// <exception cref="InfrastructureException">The client library is not there.</exception>
    public static GuestProgramTarget KextHost(string hostFolder)
    {
        IReadOnlyList<string> sources =
            Directory.Exists(hostFolder) ? [.. Directory.EnumerateFiles(hostFolder, "client*.c").Order(StringComparer.Ordinal)] : [];
        return sources.Count > 0
            ? new GuestProgramTarget("kexthost", ["-DKEXTHOST", "-D_GNU_SOURCE", "-idirafter", hostFolder], sources)
            : throw new InfrastructureException(
                $"Programs for a Darwin guest cannot be built: {hostFolder} has no client.c, by which they reach the kext. Restore kext/host of KextDev's checkout.");
    }
}
