using KextDev.Hosts;

namespace KextDev.Guests.Vmware;

/// <summary>VMware's command line for virtual machines, and the product that it speaks to.</summary>
public sealed record VmrunProgram(string Path, VmwareProduct Product)
{
    private const string Name = "vmrun";
    private const string OfFusion = "/Applications/VMware Fusion.app/Contents/Library/vmrun";

    /// <summary>After <c>-T</c>.</summary>
    public string Type => Product switch
    {
        VmwareProduct.Fusion => "fusion",
        VmwareProduct.Player => "player",
        _ => "ws",
    };

    /// <param name="path">Where it is; null looks for it where VMware installs it.</param>
    /// <param name="product">Null is Fusion on macOS, and elsewhere Workstation, or Player where only that is installed.</param>
    /// <exception cref="InfrastructureException">There is none.</exception>
    public static VmrunProgram Find(string? path, VmwareProduct? product)
    {
        if (path is not null)
        {
            return File.Exists(path)
                ? new VmrunProgram(path, product ?? UsualProduct(path))
                : throw new InfrastructureException(
                    $"The VMware guest cannot be driven: {path} does not exist. Name VMware's vmrun by \"vmrun\" in the guest's definition, or leave that out to have it found.");
        }

        var candidates = Candidates().ToList();
        return candidates.Find(File.Exists) is { } found
            ? new VmrunProgram(found, product ?? UsualProduct(found))
            : throw new InfrastructureException(
                $"The VMware guest cannot be driven: VMware's vmrun was not found (looked for {string.Join(", ", candidates)}). "
                + "Install VMware Fusion or Workstation, or name its vmrun by \"vmrun\" in the guest's definition.");
    }

    private static IEnumerable<string> Candidates()
    {
        if (OperatingSystem.IsMacOS())
        {
            yield return OfFusion;
        }
        else if (OperatingSystem.IsWindows())
        {
            // Where the registry's InstallPath points unless somebody chose otherwise, who then can name the path.
            foreach (var folder in new[] { Environment.SpecialFolder.ProgramFilesX86, Environment.SpecialFolder.ProgramFiles })
            {
                yield return System.IO.Path.Combine(Environment.GetFolderPath(folder), "VMware", "VMware Workstation", "vmrun.exe");
            }
        }
        else
        {
            yield return "/usr/bin/vmrun";
        }

        yield return ProgramPath.Find(Name) ?? $"{Name} in PATH";
    }

    // Player is installed with vmplayer alone, Workstation with vmware beside it.
    private static VmwareProduct UsualProduct(string vmrun)
    {
        if (OperatingSystem.IsMacOS())
        {
            return VmwareProduct.Fusion;
        }

        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(vmrun))!;
        bool Has(string program) => File.Exists(System.IO.Path.Combine(folder, program)) || File.Exists(System.IO.Path.Combine(folder, program + ".exe"));
        return Has("vmplayer") && !Has("vmware") ? VmwareProduct.Player : VmwareProduct.Workstation;
    }
}

public enum VmwareProduct
{
    Fusion,
    Workstation,

    /// <summary>Takes no snapshots.</summary>
    Player,
}
