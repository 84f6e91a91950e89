namespace KextDev.Tests.Bundles;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("kextdev-bundles-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
