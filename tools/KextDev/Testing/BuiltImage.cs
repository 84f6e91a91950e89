using KextDev.Platforms;
using KextDev.Shells;
using KextDev.Toolchains;
using KextDev.Toolchains.Darwin;

namespace KextDev.Testing;

/// <summary>One variant of the extension, as it was built on the host: a module or a bundle. The cases below are all there are.</summary>
public abstract record BuiltImage
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private protected BuiltImage(string path) => Path = path;

    /// <summary>Full path of the file or folder that is deployed.</summary>
    public string Path { get; }

    public abstract string Variant { get; }

    /// <summary>Full path of the file or folder with its debug information.</summary>
    public abstract string SymbolPath { get; }

    /// <summary>Of this very build, as the system that loads it tells it; null when it has none.</summary>
    public abstract string? Identity { get; }

    /// <summary>What is copied so that it lies in a folder of the guest.</summary>
    public IReadOnlyList<Upload> UploadsTo(string folder) =>
        Directory.Exists(Path) ? [.. Upload.Folder(Path, RemotePath(folder)).Select(file => file with { Mode = Readable })] : [new Upload(Path, RemotePath(folder), Readable)];

    /// <summary>What it is there.</summary>
    public abstract DeployedExtension DeployedIn(string folder);

    private protected string RemotePath(string folder) => $"{folder}/{Variant}/{System.IO.Path.GetFileName(Path)}";
}

public sealed record BuiltModule(LinuxModule Module) : BuiltImage(Module.LeanPath)
{
    public override string Variant => Module.Variant;

    public override string SymbolPath => Module.Path;

    public override string? Identity => Module.BuildId;

    public override DeployedExtension DeployedIn(string folder) =>
        new(Module.Name, Variant, RemotePath(folder)) { KernelRelease = Module.Release };
}

public sealed record BuiltBundle(Kext Kext) : BuiltImage(Kext.BundleFolder)
{
    public override string Variant => Kext.Variant;

    public override string SymbolPath => Kext.DsymFolder;

    public override string? Identity => Kext.Uuid.ToString().ToUpperInvariant();

    public override DeployedExtension DeployedIn(string folder) =>
        new(Kext.Info.Identifier, Variant, RemotePath(folder)) { Version = Kext.Info.Version, Uuid = Kext.Uuid };
}
