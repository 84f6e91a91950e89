using System.Security.Cryptography;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace Packages.Tests.SshNet;

/// <summary>What holds for the published package and for its stand-in, with OpenSSH's SFTP server.</summary>
public sealed class SftpClientTests(OpenSshServer server) : IClassFixture<OpenSshServer>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sftp-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32 * 1024)]
    [InlineData((32 * 1024) + 1)]
    [InlineData(5_000_000)]
    public async Task Moves_files_of_every_size_both_ways(int length)
    {
        using var client = await ConnectAsync();
        var content = RandomNumberGenerator.GetBytes(length);
        var remote = Path.Combine(_folder, "file");
        using var upload = new MemoryStream(content);
        using var download = new MemoryStream();

        client.UploadFile(upload, remote);
        client.DownloadFile(remote, download);

        File.ReadAllBytes(remote).ShouldBe(content);
        download.ToArray().ShouldBe(content);
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("it's \"quoted\"")]
    [InlineData("line\nbreak")]
    [InlineData("*?[a]$HOME;`id`\\")]
    [InlineData("-rf")]
    [InlineData("größe")]
    public async Task File_names_are_taken_as_they_are(string name)
    {
        using var client = await ConnectAsync();
        var remote = Path.Combine(_folder, name);
        using var content = new MemoryStream([1, 2, 3]);

        client.UploadFile(content, remote);

        Directory.GetFiles(_folder).ShouldBe([remote]);
        client.Exists(remote).ShouldBeTrue();
    }

    [Fact]
    public async Task An_upload_replaces_a_longer_file()
    {
        using var client = await ConnectAsync();
        var remote = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(remote, "a longer text than the new one");
        using var content = new MemoryStream("short"u8.ToArray());

        client.UploadFile(content, remote);

        (await File.ReadAllTextAsync(remote)).ShouldBe("short");
    }

    [Fact]
    public async Task Reads_the_digits_of_a_mode_as_octal()
    {
        using var client = await ConnectAsync();
        var remote = Path.Combine(_folder, "program");
        await File.WriteAllTextAsync(remote, "");

        client.ChangePermissions(remote, 750);

        (OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(remote)).ShouldBe(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
    }

    [Fact]
    public async Task Makes_folders()
    {
        using var client = await ConnectAsync();
        var remote = Path.Combine(_folder, "folder");
        client.Exists(remote).ShouldBeFalse();

        client.CreateDirectory(remote);

        Directory.Exists(remote).ShouldBeTrue();
        client.Exists(remote).ShouldBeTrue();
    }

    [Fact]
    public async Task A_missing_file_or_folder_is_told_and_the_client_stays_usable()
    {
        using var client = await ConnectAsync();
        using var content = new MemoryStream([1]);

        Should.Throw<SftpPathNotFoundException>(() => client.DownloadFile(Path.Combine(_folder, "absent"), Stream.Null));
        Should.Throw<SftpPathNotFoundException>(() => client.UploadFile(content, Path.Combine(_folder, "absent", "file")));
        Should.Throw<SftpPathNotFoundException>(() => client.ChangePermissions(Path.Combine(_folder, "absent"), 644));

        client.Exists(_folder).ShouldBeTrue();
    }

    [Fact]
    public async Task A_source_that_fails_ends_the_upload_with_its_exception()
    {
        using var client = await ConnectAsync();
        using var source = new FailingStream();

        Should.Throw<TimeZoneNotFoundException>(() => client.UploadFile(source, Path.Combine(_folder, "file")));

        client.Exists(_folder).ShouldBeTrue();
    }

    private async Task<SftpClient> ConnectAsync()
    {
        var client = new SftpClient(new ConnectionInfo(
            server.Host, server.Port, server.User, new PrivateKeyAuthenticationMethod(server.User, new PrivateKeyFile(server.PrivateKeyFile))));
        client.HostKeyReceived += (_, e) => e.CanTrust = true;
        await client.ConnectAsync(CancellationToken.None);
        return client;
    }

    private sealed class FailingStream : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => throw new TimeZoneNotFoundException();

        public override int Read(Span<byte> buffer) => throw new TimeZoneNotFoundException();
    }
}
