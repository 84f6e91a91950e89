using KextDev.Toolchains;

namespace KextDev.Tests.DarwinGuest;

/// <summary>The programs of a Darwin guest, made once for all tests of its commands.</summary>
public sealed class DarwinCommands : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public KextHostPrograms Programs { get; private set; } = new("", "");

    public async Task InitializeAsync()
    {
        var toolchain = new KextHostToolchain(Path.Combine(Repository.Root, "kext", "host"), _folder.Path, _ => { }, _ => { });
        Programs = await toolchain.BuildAsync(CancellationToken.None);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();
}

[CollectionDefinition(nameof(DarwinCommands))]
public sealed class DarwinCommandsGroup : ICollectionFixture<DarwinCommands>;
