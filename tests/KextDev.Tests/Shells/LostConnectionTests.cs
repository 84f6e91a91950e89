using KextDev.Guests;
using KextDev.Processes;
using KextDev.Shells;
using Packages.Tests.SshNet;

namespace KextDev.Tests.Shells;

/// <summary>A guest that goes away, each with a server of its own.</summary>
public sealed class LostConnectionTests : IDisposable
{
    private static readonly ConnectionPatience Impatient = new() { KeepAlive = TimeSpan.FromSeconds(1), Connecting = TimeSpan.FromSeconds(1) };

    private readonly OpenSshServer _server = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kextdev-lost-connection-");

    private GuestEndpoint Endpoint => new(_server.Host, _server.Port, _server.User, _server.PrivateKeyFile, _server.HostKey);

    public void Dispose()
    {
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_guest_that_dies_in_the_middle_of_a_command_is_a_lost_connection()
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, Impatient, CancellationToken.None);

        var failure = await Should.ThrowAsync<ConnectionLostException>(async () =>
        {
            await foreach (var line in shell.StreamAsync("echo started; sleep 600", CancellationToken.None))
            {
                line.ShouldBe(new OutputLine("started"));
                _server.Stop();
            }
        });

        failure.Endpoint.ShouldBe(Endpoint);
        failure.Message.ShouldContain(" is lost: ");
        failure.Message.ShouldContain("There is no new one either: ");
        await Should.ThrowAsync<ConnectionLostException>(() => shell.RunAsync("true", CancellationToken.None));
        await Should.ThrowAsync<ConnectionLostException>(() => shell.DownloadAsync("/etc/passwd", Path.Combine(_folder.FullName, "passwd"), CancellationToken.None));
        shell.IsConnected.ShouldBeFalse();
    }

    [Fact]
    public async Task A_guest_that_falls_silent_is_noticed_by_itself()
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, Impatient, CancellationToken.None);
        try
        {
            await Should.ThrowAsync<ConnectionLostException>(async () =>
            {
                await foreach (var _ in shell.StreamAsync("echo started; sleep 600", CancellationToken.None))
                {
                    _server.Freeze();
                }
            });
        }
        finally
        {
            _server.Thaw();
        }
    }

    [Fact]
    public async Task A_transfer_to_a_silent_guest_can_be_cancelled()
    {
        var file = Path.Combine(_folder.FullName, "file");
        await File.WriteAllTextAsync(file, "");
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        await shell.UploadAsync(file, file + ".copy", UnixFileMode.UserRead, CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        _server.Freeze();
        try
        {
            var upload = shell.UploadAsync(file, file + ".copy2", UnixFileMode.UserRead, cancellation.Token);
            await cancellation.CancelAsync();

            await Should.ThrowAsync<OperationCanceledException>(() => upload);
        }
        finally
        {
            _server.Thaw();
        }
    }

    [Fact]
    public async Task A_guest_that_starts_listening_late_is_waited_for()
    {
        _server.Stop();
        var connecting = GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        _server.StartAgain();

        await using var shell = await connecting;

        (await shell.RunAsync("echo hello", CancellationToken.None)).Output.ShouldBe("hello\n");
    }
}
