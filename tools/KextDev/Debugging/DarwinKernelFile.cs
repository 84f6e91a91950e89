using KextDev.Debuggers.Lldb;
using KextDev.MachO;
using KextDev.Platforms.Darwin;

namespace KextDev.Debugging;

/// <summary>The kernel of a macOS guest with its symbols, from Apple's Kernel Debug Kit: the one with the UUID of the kernel that runs.</summary>
/// <param name="kit">As <see cref="KernelDebugOptions.Kit"/>.</param>
/// <param name="installed">Where kits are installed on this host.</param>
internal sealed class DarwinKernelFile(string? kit, string installed = DebugKit.InstalledFolder)
{
    /// <summary>The word for a session without the kernel's symbols.</summary>
    public const string None = "none";

    /// <param name="uuid">Of the kernel that runs.</param>
    /// <param name="system">What it belongs to, to name the kit that is missing; null where the guest cannot be asked.</param>
    /// <returns>Its file as it lies in the kit, not slid; null where a session without one was asked for.</returns>
    /// <exception cref="InfrastructureException">No kit here has it: which one to get.</exception>
    public SlidImage? Find(Guid uuid, SwVers? system)
    {
        if (kit == None)
        {
            return null;
        }

        var kits = kit is not null ? [DebugKit.Open(Path.GetFullPath(kit))] : DebugKit.FindInstalled(installed);
        return kits.SelectMany(one => one.KernelFiles).Where(file => MachOIdentity.Read(file)?.Uuid == uuid).Select(file => new SlidImage(file, SymbolsOf(file), Slide: 0)).FirstOrDefault()
            ?? throw new InfrastructureException(Missing(uuid, system));
    }

    /// <summary>The same kernel where it lies.</summary>
    /// <param name="textStart">Where its code begins in memory.</param>
    public static SlidImage Slide(SlidImage kernel, ulong textStart)
    {
        var file = MachOIdentity.Read(kernel.File) ?? throw new InfrastructureException($"{kernel.File} is no kernel. Install the debug kit anew.");
        return kernel with { Slide = textStart - file.TextAddress };
    }

    private static string? SymbolsOf(string file)
    {
        var symbols = Path.Combine($"{file}.dSYM", "Contents", "Resources", "DWARF", Path.GetFileName(file));
        return File.Exists(symbols) ? symbols : null;
    }

    private string Missing(Guid uuid, SwVers? system)
    {
        var what = system is null ? "of its macOS" : $"KDK_{system.Version}_{system.Build}.kdk (\"Kernel Debug Kit {system.Version} build {system.Build}\" among Apple's developer downloads)";
        return $"The session was not begun: no kernel with the UUID {uuid.ToString().ToUpperInvariant()}, which the guest's kernel has, is in {kit ?? $"a debug kit below {installed}"}. "
            + $"Install the kit {what}, name another by --kdk FOLDER, or leave the kernel's symbols out: --kdk {None}.";
    }
}
