using KextDev.Bundles;

namespace KextDev.Toolchains.Darwin;

/// <summary>A built macOS kext.</summary>
/// <param name="BundleFolder">Full path of NAME.kext.</param>
/// <param name="DsymFolder">Full path of NAME.kext.dSYM beside it.</param>
/// <param name="Info">What its Info.plist says.</param>
/// <param name="Variant">The project's variant that it is.</param>
/// <param name="Uuid">Of executable and dSYM alike.</param>
public sealed record Kext(string BundleFolder, string DsymFolder, KextInfo Info, string Variant, BuildConfiguration Configuration, Guid Uuid)
{
    /// <summary>The linked code.</summary>
    public string ExecutableFile => Path.Combine(BundleFolder, "Contents", "MacOS", Info.ExecutableName);

    /// <summary>Its debug information.</summary>
    public string DwarfFile => Path.Combine(DsymFolder, "Contents", "Resources", "DWARF", Info.ExecutableName);
}
