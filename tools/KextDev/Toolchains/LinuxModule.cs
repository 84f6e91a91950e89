using System.Security.Cryptography;

namespace KextDev.Toolchains;

/// <summary>A built Linux module.</summary>
/// <param name="Path">Full path of the .ko file.</param>
/// <param name="Name">As lsmod shows it.</param>
/// <param name="Variant">The project's variant that it is.</param>
/// <param name="Vermagic">Release and options of the kernel that it was built for.</param>
/// <param name="BuildId">Hexadecimal digits of the linker's build id; null when the module has none.</param>
/// <param name="Sha256">Of the file, in hexadecimal digits.</param>
public sealed record LinuxModule(string Path, string Name, string Variant, string Vermagic, string? BuildId, string Sha256)
{
    /// <summary>Full path of the same module without debug information.</summary>
    public string LeanPath { get; init; } = Path;

    /// <summary>The kernel that it was built for, as <c>uname -r</c> prints it there.</summary>
    public string Release => Vermagic.Split(' ')[0];

    /// <exception cref="InfrastructureException">The file cannot be read, or is no module.</exception>
    public static LinuxModule Read(string path, string variant)
    {
        try
        {
            var content = File.ReadAllBytes(path);
            var info = ModuleInfo.Read(content);
            return new LinuxModule(System.IO.Path.GetFullPath(path), info.Name, variant, info.Vermagic, info.BuildId, Convert.ToHexStringLower(SHA256.HashData(content)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InfrastructureException($"The module {path} cannot be read: {exception.Message} Build it again.", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new InfrastructureException($"{path} cannot be used as a module: {exception.Message}. Delete it and build again.", exception);
        }
    }
}
