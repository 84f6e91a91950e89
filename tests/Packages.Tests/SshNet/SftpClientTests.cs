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
    public async Task Fetches_files_of_every_size(int length)
    {
        using var client = await ConnectAsync();
        var content = RandomNumberGenerator.GetBytes(length);
        var remote = Path.Combine(_folder, "file");
        await File.WriteAllBytesAsync(remote, content);
        using var download = new MemoryStream();

        client.DownloadFile(remote, download);

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
        await File.WriteAllBytesAsync(remote, [1, 2, 3]);
        using var content = new MemoryStream();

        client.DownloadFile(remote, content);

        content.ToArray().ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_missing_file_is_told_and_the_client_stays_usable()
    {
        using var client = await ConnectAsync();

        Should.Throw<SftpPathNotFoundException>(() => client.DownloadFile(Path.Combine(_folder, "absent"), Stream.Null));

        await ShouldFetchAsync(client);
    }

    [Fact]
    public async Task A_target_that_fails_ends_the_download_with_its_exception()
    {
        using var client = await ConnectAsync();
        var remote = Path.Combine(_folder, "file");
        await File.WriteAllBytesAsync(remote, new byte[200_000]);
        using var target = new FailingStream();

        Should.Throw<TimeZoneNotFoundException>(() => client.DownloadFile(remote, target));

        await ShouldFetchAsync(client);
    }

    private async Task ShouldFetchAsync(SftpClient client)
    {
        var remote = Path.Combine(_folder, "another");
        await File.WriteAllTextAsync(remote, "text");
        using var content = new MemoryStream();
        client.DownloadFile(remote, content);
        content.ToArray().ShouldBe("text"u8.ToArray());
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
        public override void Write(byte[] buffer, int offset, int count) => throw new TimeZoneNotFoundException();

        public override void Write(ReadOnlySpan<byte> buffer) => throw new TimeZoneNotFoundException();
    }
}
