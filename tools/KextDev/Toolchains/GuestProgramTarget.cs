namespace KextDev.Toolchains;

/// <summary>What a guest's programs are built for, and by what, beyond what their project says.</summary>
/// <param name="Name">A folder's name: programs for different targets lie apart.</param>
/// <param name="Compiler">Compiles and links.</param>
/// <param name="Flags">For the compiler, before the project's own.</param>
/// <param name="LinkFlags">For linking alone.</param>
/// <param name="Sources">Full paths of what is linked to each program.</param>
public sealed record GuestProgramTarget(string Name, string Compiler, IReadOnlyList<string> Flags, IReadOnlyList<string> LinkFlags, IReadOnlyList<string> Sources)
{
    /// <summary>Static executables, which need nothing of the guest's libraries, and no symbols: they are copied for each run.</summary>
    public static GuestProgramTarget Linux { get; } = new("linux", "gcc", [], ["-static", "-s"], []);

    /// <summary>For guests whose macOS kexts run in kexthost: KEXTHOST is defined, and kext/host/client.h reaches devices and kernel controls.</summary>
    /// <param name="hostFolder">KextDev's own kext/host.</param>
    /// <exception cref="InfrastructureException">The client library is not there.</exception>
    public static GuestProgramTarget KextHost(string hostFolder)
    {
        IReadOnlyList<string> sources =
            Directory.Exists(hostFolder) ? [.. Directory.EnumerateFiles(hostFolder, "client*.c").Order(StringComparer.Ordinal)] : [];
        return sources.Count > 0
            ? Linux with { Name = "kexthost", Flags = ["-DKEXTHOST", "-D_GNU_SOURCE", "-idirafter", hostFolder], Sources = sources }
            : throw new InfrastructureException(
                $"Programs for a Darwin guest cannot be built: {hostFolder} has no client.c, by which they reach the kext. Restore kext/host of KextDev's checkout.");
    }

    /// <summary>For guests that run macOS itself, by the Mac's own compiler.</summary>
    /// <exception cref="InfrastructureException">This host is no Mac.</exception>
    public static GuestProgramTarget MacOS() => OperatingSystem.IsMacOS()
        ? Clang
        : throw new InfrastructureException(
            "Test programs for macOS cannot be built on this host: they need a Mac's compiler and SDK. "
            + "Run KernelTest on a Mac with Xcode's command line tools, or test the kext in kexthost: --guest embedded-darwin.");

    // As macOS 10.9 runs them; nothing is linked statically there.
    internal static GuestProgramTarget Clang { get; } = new("macos", "xcrun", ["clang", "-arch", "x86_64", "-mmacosx-version-min=10.9"], [], []);
}
