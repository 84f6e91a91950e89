using System.Net.Sockets;
using KextDev.Processes;

namespace KextDev.Tests.KextHost;

/// <summary>A kexthost that runs, with folders of its own; gone when the test is.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    public const int PanicExit = 33;

    /// <summary>A debugger had it start anew.</summary>
    public const int RebootExit = 34;

    private readonly KextHostBuild _build;
    private readonly TemporaryFolder _folder;
    private readonly IAsyncEnumerator<CommandEvent> _events;

    private RunningHost(KextHostBuild build, TemporaryFolder folder, IAsyncEnumerator<CommandEvent> events)
    {
        _build = build;
        _folder = folder;
        _events = events;
    }

    public string Log => File.ReadAllText(_folder.Combine("log"));

    /// <summary>What macOS would have in /Library/Logs/DiagnosticReports.</summary>
    public IReadOnlyList<string> Reports => Directory.GetFiles(_folder.Combine("reports"));

    /// <summary>Of the host, which is the one that was started with this socket.</summary>
    public int ProcessId =>
        Directory.GetDirectories("/proc").Select(folder => Path.GetFileName(folder))
            .Where(name => int.TryParse(name, out _))
            .Select(int.Parse)
            .Single(process => CommandLine(process) is [_, "--socket", var socket, ..] && socket == SocketPath);

    private string SocketPath => _folder.Combine("socket");

    public static async Task<RunningHost> StartAsync(KextHostBuild build, params IEnumerable<string> options)
    {
        var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.Combine("reports"));

        // Its socket is for every user.
        File.SetUnixFileMode(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var command = new HostCommand(
            build.KextHost,
            ["--socket", folder.Combine("socket"), "--log", folder.Combine("log"), "--reports", folder.Combine("reports"), .. options]);
        var host = new RunningHost(build, folder, command.StreamAsync(CancellationToken.None).GetAsyncEnumerator());
        (await host._events.MoveNextAsync()).ShouldBeTrue();
        host._events.Current.ShouldBe(new OutputLine("ready"));
        return host;
    }

    public async Task<CommandResult> LoadAsync(string bundle) => await AskAsync("load", bundle);

    public async Task<CommandResult> UnloadAsync(string identifier = TestKext.Identifier) => await AskAsync("unload", identifier);

    public async Task<string> ListAsync() => (await AskAsync("list")).Output;

    /// <summary>Waits until its log has a text.</summary>
    public async Task UntilLogAsync(string text)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!Log.Contains(text, StringComparison.Ordinal))
        {
            await Task.Delay(5, limit.Token);
        }
    }

    /// <summary>Asks for the unload until nothing refuses it any more; the exit code.</summary>
    public async Task<int> UntilUnloadedAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        int exitCode;
        while ((exitCode = (await UnloadAsync()).ExitCode) == 11)
        {
            await Task.Delay(5, limit.Token);
        }

        return exitCode;
    }

    public async Task<string> DriveAsync(params string[] words) => (await DriveCommand(words).RunAsync(CancellationToken.None)).Output;

    public async Task<CommandResult> SysctlAsync(string word) => await AskAsync("sysctl", word);

    /// <summary>What a program that talks to it prints.</summary>
    public async Task<string> TalkAsync(params string[] words) => (await Client(_build.Talk, words).RunAsync(CancellationToken.None)).Output;

    public HostCommand TalkCommand(params string[] words) => Client(_build.Talk, words);

    /// <summary>One that has begun, and is killed when it is disposed.</summary>
    public async Task<IAsyncEnumerator<CommandEvent>> StartTalkAsync(params string[] words)
    {
        var events = TalkCommand(words).StreamAsync(CancellationToken.None).GetAsyncEnumerator();
        (await events.MoveNextAsync()).ShouldBeTrue();
        return events;
    }

    public HostCommand DriveCommand(params string[] words) => Client(_build.Drive, words);

    public HostCommand Client(string program, params string[] words) =>
        new(program, words) { Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["KEXTHOST_SOCKET"] = SocketPath } };

    /// <summary>A program that is told, as the pipeline tells it, how to load and unload a kext.</summary>
    public HostCommand TesterCommand(string program, string bundle, string identifier)
    {
        var command = Client(program);
        return command with
        {
            Environment = new Dictionary<string, string?>(command.Environment, StringComparer.Ordinal)
            {
                ["KEXTDEV_LOAD"] = $"{_build.KextHost} load --socket {SocketPath} {bundle} >/dev/null 2>&1",
                ["KEXTDEV_UNLOAD"] = $"{_build.KextHost} unload --socket {SocketPath} {identifier} >/dev/null 2>&1",
                ["KEXTDEV_MODULE"] = identifier,
            },
        };
    }

    /// <summary>A command whose calls of the system the host watches.</summary>
    public HostCommand Attend(params string[] command) => Client(_build.KextHost, ["attend", "--socket", SocketPath, "--", .. command]);

    /// <summary>A connection on which nothing was said yet.</summary>
    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath));
        return socket;
    }

    /// <summary>Waits for the end; what the host printed meanwhile is a failure (of a sanitizer), but for the word that a panic waits for a debugger.</summary>
    public async Task<int> ExitAsync()
    {
        while (await _events.MoveNextAsync())
        {
            if (_events.Current is Exited exited)
            {
                return exited.ExitCode;
            }

            if (_events.Current != new OutputLine("panicked"))
            {
                throw new InvalidOperationException($"kexthost printed {_events.Current}");
            }
        }

        throw new InvalidOperationException("kexthost ended without an exit code");
    }

    /// <summary>The panic report, after the host's end by a panic.</summary>
    public async Task<string> PanicAsync()
    {
        (await ExitAsync()).ShouldBe(PanicExit);
        return await File.ReadAllTextAsync(Reports.ShouldHaveSingleItem());
    }

    public async ValueTask DisposeAsync()
    {
        await _events.DisposeAsync();
        _folder.Dispose();
    }

    // Processes come and go.
    private static string[] CommandLine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private async Task<CommandResult> AskAsync(string verb, params string[] operand) =>
        await new HostCommand(_build.KextHost, [verb, "--socket", SocketPath, .. operand]).TryRunAsync(CancellationToken.None);
}
