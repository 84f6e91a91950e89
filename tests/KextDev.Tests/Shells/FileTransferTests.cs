using System.Security.Cryptography;
using KextDev.Guests;
using KextDev.Shells;
using Packages.Tests.SshNet;

namespace KextDev.Tests.Shells;

public sealed class FileTransferTests(OpenSshServer server) : IClassFixture<OpenSshServer>, IDisposable
{
    private const UnixFileMode Program = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead;
    private readonly string _folder = Directory.CreateTempSubdirectory("transfer-").FullName;

    private GuestEndpoint Endpoint => new(server.Host, server.Port, server.User, server.PrivateKeyFile, server.HostKey);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Copies_a_file_there_and_back_and_makes_the_folders_on_the_way()
    {
        var content = RandomNumberGenerator.GetBytes(1_000_003);
        var local = LocalFile("local file", content);
        var remote = Path.Combine(_folder, "a", "b c", "it's");
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);

        await shell.UploadAsync(local, remote, Program, CancellationToken.None);
        await shell.DownloadAsync(remote, local + ".back", CancellationToken.None);

        (await File.ReadAllBytesAsync(remote)).ShouldBe(content);
        (await File.ReadAllBytesAsync(local + ".back")).ShouldBe(content);
        Mode(remote).ShouldBe(Program);
    }

    [Fact]
    public async Task Copies_a_folder_with_everything_below_it()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "from", "sub"));
        LocalFile("from/one", [1]);
        File.SetUnixFileMode(LocalFile("from/sub/two", [2]), Program);
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);

        await shell.UploadFolderAsync(Path.Combine(_folder, "from"), Path.Combine(_folder, "to"), CancellationToken.None);

        File.ReadAllBytes(Path.Combine(_folder, "to", "one")).ShouldBe([1]);
        File.ReadAllBytes(Path.Combine(_folder, "to", "sub", "two")).ShouldBe([2]);
        Mode(Path.Combine(_folder, "to", "sub", "two")).ShouldBe(Program);
    }

    [Fact]
    public async Task A_missing_remote_file_is_told_and_leaves_no_local_one()
    {
        var local = Path.Combine(_folder, "local");
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);

        var failure = await Should.ThrowAsync<InfrastructureException>(() => shell.DownloadAsync("/no/such/file", local, CancellationToken.None));

        failure.ShouldNotBeOfType<ConnectionLostException>();
        failure.Message.ShouldContain("/no/such/file");
        Directory.GetFiles(_folder).ShouldBeEmpty();
        await shell.UploadAsync(LocalFile("next", [3]), Path.Combine(_folder, "copy"), Program, CancellationToken.None);
    }

    [Fact]
    public async Task A_file_without_an_end_is_not_taken()
    {
        var local = Path.Combine(_folder, "endless");
        using var client = await GuestConnection.OpenAsync(Endpoint, ConnectionPatience.Usual, CancellationToken.None);
        await using var files = new GuestFiles(Endpoint, client);

        var failure = await Should.ThrowAsync<InfrastructureException>(() => files.DownloadAsync("/dev/zero", local, 100_000, CancellationToken.None));

        failure.Message.ShouldContain("more than the 100,000 bytes");
        Directory.GetFiles(_folder).ShouldBeEmpty();
        await files.DownloadAsync(LocalFile("next", [3]), local, 1, CancellationToken.None);
        File.ReadAllBytes(local).ShouldBe([3]);
    }

    [Fact]
    public async Task Replaces_a_file_and_keeps_what_lies_beside_it()
    {
        var beside = LocalFile("beside", [1]);
        var replaced = LocalFile("replaced", new byte[5000]);
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);

        await shell.UploadAsync(LocalFile("new", [2]), replaced, Program, CancellationToken.None);

        File.ReadAllBytes(replaced).ShouldBe([2]);
        File.ReadAllBytes(beside).ShouldBe([1]);
    }

    [Fact]
    public async Task Follows_a_folder_that_is_a_link()
    {
        var real = Directory.CreateDirectory(Path.Combine(_folder, "real")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(_folder, "link"), real);
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);

        await shell.UploadAsync(LocalFile("one", [1]), Path.Combine(_folder, "link", "copy"), Program, CancellationToken.None);

        File.ReadAllBytes(Path.Combine(real, "copy")).ShouldBe([1]);
        new DirectoryInfo(Path.Combine(_folder, "link")).LinkTarget.ShouldBe(real);
    }

    [Fact]
    public async Task What_the_guest_refuses_is_told_in_its_words_and_the_shell_goes_on()
    {
        var big = LocalFile("big", new byte[20_000_000]);
        Directory.CreateDirectory(Path.Combine(_folder, "full"));
        var inTheWay = LocalFile("full/file", [1]);
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);

        var failure = await Should.ThrowAsync<InfrastructureException>(
            () => shell.UploadAsync(big, Path.Combine(inTheWay, "below"), Program, CancellationToken.None));

        failure.ShouldNotBeOfType<ConnectionLostException>();
        failure.Message.ShouldContain("upload to the guest");
        failure.Message.ShouldContain(inTheWay);
        (await shell.RunAsync("echo on", CancellationToken.None)).Output.ShouldBe("on\n");
    }

    [Fact]
    public async Task A_missing_local_file_is_told()
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);

        var failure = await Should.ThrowAsync<InfrastructureException>(
            () => shell.UploadAsync(Path.Combine(_folder, "absent"), Path.Combine(_folder, "copy"), Program, CancellationToken.None));

        failure.Message.ShouldContain(Path.Combine(_folder, "absent"));
    }

    private static UnixFileMode Mode(string file) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file);

    private string LocalFile(string name, byte[] content)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllBytes(file, content);
        return file;
    }
}
