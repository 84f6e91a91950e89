using KextDev.Guests;
using KextDev.GuestTests.Guests;
using KextDev.Shells;

namespace KextDev.GuestTests.Security;

/// <summary>A checkout lies where its owner likes.</summary>
[Collection(GuestTurns.Name)]
public sealed class StrangePathTests : IDisposable
{
    private const string Name = "-x it's \"one\", $HOME";

    private readonly GuestPlace _place = new();
    private readonly string _outside = Directory.CreateTempSubdirectory("kextdev-test-").FullName;

    public void Dispose()
    {
        _place.Dispose();
        Directory.Delete(_outside, recursive: true);
    }

    [Fact]
    public async Task A_guest_starts_and_takes_files_in_a_folder_with_any_name()
    {
        var state = new StateFolder(Directory.CreateDirectory(Path.Combine(_outside, Name)).FullName);
        Directory.CreateSymbolicLink(state.Cache, _place.State.Cache);
        Directory.CreateSymbolicLink(state.Keys, _place.State.Keys);
        var file = Path.Combine(state.Path, Name);
        await File.WriteAllTextAsync(file, "content\n");
        await using var guest = GuestFactory.Create(GuestPlace.Embedded, new GuestSite(state, _ => { }));

        var endpoint = await guest.StartAsync(CancellationToken.None);
        await using var shell = await GuestShell.ConnectAsync(endpoint, CancellationToken.None);
        await shell.UploadAsync(file, $"/tmp/{Name}/{Name}", UnixFileMode.UserRead, CancellationToken.None);
        await shell.DownloadAsync($"/tmp/{Name}/{Name}", file + ".back", CancellationToken.None);

        (await File.ReadAllTextAsync(file + ".back")).ShouldBe("content\n");
        (await InteractiveShell.Command(endpoint with { PrivateKeyFile = Path.Combine(state.Keys, "client_ed25519") }, "echo here").RunAsync(CancellationToken.None)).Output.ShouldBe("here\n");
    }
}
