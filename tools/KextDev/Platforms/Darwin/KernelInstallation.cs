using KextDev.Processes;

namespace KextDev.Platforms.Darwin;

/// <summary>
/// How a kernel of a Kernel Debug Kit gets into a macOS system, and out again, as commands: the kit's own instructions.
/// What stood in its place is kept beside it.
/// </summary>
public static class KernelInstallation
{
    private const string Kernels = "System/Library/Kernels";
    private const string Kept = ".before-kextdev";

    /// <summary>Where the system's sealed volume is mounted writable; 11.</summary>
    private const string Mount = "/private/tmp/kextdev-system";

    /// <param name="uploaded">The kernel's file, somewhere in the guest.</param>
    /// <param name="suffix">Of its name, which kcsuffix chooses by: "development".</param>
    /// <exception cref="InfrastructureException">The release has no such kernels.</exception>
    public static IReadOnlyList<InstallationStep> Install(SwVers system, string uploaded, string suffix)
    {
        var kernel = ShellWord.Quote($"{Root(system)}{Kernels}/kernel.{suffix}");
        return
        [
            .. Open(system),
            new("keep the kernel of that name, where there is one", $"mkdir -p {Root(system)}{Kernels} && {{ [ ! -e {kernel} ] || [ -e {kernel}{Kept} ] || mv {kernel} {kernel}{Kept}; }}"),
            new("install the debug kit's kernel", $"cp {ShellWord.Quote(uploaded)} {kernel} && chown root:wheel {kernel} && chmod 644 {kernel}"),
            .. Close(system),
        ];
    }

    public static IReadOnlyList<InstallationStep> Remove(SwVers system, string suffix)
    {
        var kernel = ShellWord.Quote($"{Root(system)}{Kernels}/kernel.{suffix}");
        return
        [
            .. Open(system),
            new("remove the debug kit's kernel", $"rm -f {kernel}"),
            new("put back what stood there", $"[ ! -e {kernel}{Kept} ] || mv {kernel}{Kept} {kernel}"),
            .. Close(system),
        ];
    }

    /// <summary>Whether a kernel of that suffix is installed.</summary>
    public static string ExistsCommand(string suffix) => $"[ -e {ShellWord.Quote($"/{Kernels}/kernel.{suffix}")} ]";

    private static string Root(SwVers system) =>
        system.Version < new Version(10, 10)
            ? throw new InfrastructureException($"No debug kit's kernel was installed: {system} keeps its kernel at /mach_kernel, which KextDev leaves alone. Install it by the kit's own instructions.")
            : system.HasKmutil ? $"{Mount}/" : "/";

    // The system's volume is read-only from 10.15 on, and a sealed snapshot from 11 on.
    private static IReadOnlyList<InstallationStep> Open(SwVers system) =>
        system.HasKmutil
            ?
            [
                new(
                    "mount the system's volume",
                    $"mkdir -p {Mount} && device=$(mount | sed -n 's|^\\(/dev/disk[0-9]*s[0-9]*\\)s[0-9]* on / .*|\\1|p') && [ -n \"$device\" ] && mount -o nobrowse -t apfs \"$device\" {Mount}"),
            ]
            : system.Version >= new Version(10, 15)
                ? [new("make the system's volume writable", "mount -uw /")]
                : [];

    private static IReadOnlyList<InstallationStep> Close(SwVers system) =>
        system.HasKmutil
            ?
            [
                new("rebuild the kernel collections", $"kmutil install --volume-root {Mount} --update-all"),
                new("make a bootable snapshot of it", $"bless --folder {Mount}/System/Library/CoreServices --bootefi --create-snapshot"),
                new("unmount the system's volume", $"umount {Mount}"),
            ]
            : [new("have the kernel cache rebuilt", "touch /System/Library/Extensions && kextcache -invalidate /")];
}

/// <param name="Purpose">What it is for, as an order: "rebuild the kernel cache".</param>
/// <param name="Command">For the guest's shell; non-zero where it failed.</param>
public sealed record InstallationStep(string Purpose, string Command);
