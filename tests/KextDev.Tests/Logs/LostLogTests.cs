using System.Text.Json;
using KextDev.Events;
using KextDev.Guests;
using KextDev.Logs;
using KextDev.Platforms;
using KextDev.Projects;
using KextDev.Shells;
using Packages.Tests.SshNet;

namespace KextDev.Tests.Logs;

/// <summary>A guest whose connection breaks while its log is read.</summary>
public sealed class LostLogTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly OpenSshServer _server = new();
    private readonly List<string> _notes = [];
    private readonly RunJournal _journal = new(TimeProvider.System);
    private readonly GuestLog _log;

    public LostLogTests() => _log = new GuestLog(_folder.Path, _journal, TimeProvider.System);

    private GuestEndpoint Endpoint => new(_server.Host, _server.Port, _server.User, _server.PrivateKeyFile, _server.HostKey);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _journal.DisposeAsync();

    public void Dispose()
    {
        _log.Dispose();
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_log_of_a_guest_that_is_gone_ends_without_a_word()
    {
        await using var shell = await GuestShell.ConnectAsync(Endpoint, CancellationToken.None);
        var platform = await KernelPlatforms.OpenAsync(GuestPlatform.Linux, shell, CancellationToken.None);
        using var died = new CancellationTokenSource();
        var collector = await LogCollector.StartAsync(shell, platform, Daemon(), MessageLevel.Info, _log, Note, died.Token, CancellationToken.None);
        await UntilAsync(() => Stored("before").Count > 0);

        _server.Stop();
        await died.CancelAsync();
        await collector.BeginAsync("one", CancellationToken.None);
        await collector.EndAsync();

        Stored("before").Count.ShouldBe(1);
        _notes.ShouldBeEmpty();
    }

    private void Note(string sentence)
    {
        lock (_notes)
        {
            _notes.Add(sentence);
        }
    }

    private LogDaemon Daemon()
    {
        var path = _folder.Write("kextlogd", $$"""
            #!/bin/sh
            cd '{{_folder.Path}}'
            echo '{"connected":true}'
            echo '{"sequence":1,"level":"info","text":"before"}'
            exec sleep 600
            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return new LogDaemon(path, "/dev/sample_log");
    }

    private List<JsonElement> Stored(string text)
    {
        _log.Flush();
        using var reader = new StreamReader(new FileStream(_log.File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return
        [
            .. from line in reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
               let element = JsonDocument.Parse(line).RootElement
               where element.TryGetProperty("text", out var found) && found.GetString() == text
               select element,
        ];
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (!holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }
}
