namespace KextDev.Bundles;

/// <summary>A bundle on disk with everything that the checks ask for, and their answer.</summary>
/// <param name="Executable">Null when the bundle has none that can be read.</param>
public sealed record BundleInspection(KextBundle Bundle, KextExecutable? Executable, KextCheckResult Result)
{
    /// <param name="releases">Those that it must load on; null: any will do.</param>
    /// <exception cref="InfrastructureException">There is no such folder, or it cannot be walked.</exception>
    public static async Task<BundleInspection> RunAsync(string folder, IReadOnlyList<MacRelease>? releases, CancellationToken cancellationToken)
    {
        var bundle = KextBundle.Read(folder);
        var (executable, findings) = bundle.ExecutablePath is { } path
            ? ExecutableReader.Read(path, Path.GetRelativePath(bundle.Folder, path).Replace('\\', '/'))
            : (null, []);
        var owners = await FileOwners.NotRootAsync(bundle.Folder, cancellationToken);
        return new BundleInspection(bundle, executable, KextCheck.Run(new KextCheckRequest(bundle, executable, releases, owners, findings)));
    }
}
