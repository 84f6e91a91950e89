using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KextDev.Guests.Images;

namespace KextDev.Guests.Qemu;

/// <summary>A running QEMU that this process uses: it holds the folder's lock and the one connection of QMP.</summary>
public sealed partial class QemuMachine : IAsyncDisposable
{
    private const string Host = "127.0.0.1";
    private const string User = "root";
    private static readonly TimeSpan QuitLimit = TimeSpan.FromSeconds(2);

    private readonly FolderLock _held;
    private readonly QemuProcess _process;

    private QemuMachine(FolderLock held, QemuFolder folder, QemuProcess process, QmpClient qmp, QemuState state)
    {
        _held = held;
        _process = process;
        Folder = folder;
        Qmp = qmp;
        State = state;
    }

    public QemuFolder Folder { get; }

    public QmpClient Qmp { get; }

    public QemuState State { get; private set; }

    public ConsoleLog Console => new(State.ConsoleFile);

    public bool IsAlive => _process.IsAlive;

    /// <summary>Starts the machine; the lock is the machine's from here on, also when this fails.</summary>
    /// <param name="consoleHeading">What the console's file begins with, before anything that the guest prints.</param>
    public static async Task<QemuMachine> LaunchAsync(
        FolderLock held, QemuCommandLine commandLine, GuestKeys keys, string identity, string consoleHeading, CancellationToken cancellationToken)
    {
        var folder = commandLine.Folder;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(commandLine.ConsoleFile)!);
            File.Delete(commandLine.ConsoleFile);
            await File.WriteAllTextAsync(commandLine.ConsoleFile, consoleHeading, cancellationToken);
            File.Delete(folder.LogFile);
            var endpoint = new GuestEndpoint(Host, commandLine.Port, User, keys.ClientKey, keys.HostPublicKey);
            var state = new QemuState(
                endpoint, identity, commandLine.Accelerator, DateTimeOffset.Now, commandLine.ConsoleFile, commandLine.QmpSocket, Kept: false);
            folder.WriteState(state);

            // Not to be cancelled: it takes a moment, and half-started it could be found only by its command line.
            var started = await commandLine.ToCommand().TryRunAsync(CancellationToken.None);
            if (started.ExitCode != 0 || folder.FindProcess() is not { } process)
            {
                throw QemuFailure.OfStart(commandLine, started);
            }

            var qmp = await QmpClient.ConnectAsync(commandLine.QmpSocket, cancellationToken);
            var machine = new QemuMachine(held, folder, process, qmp, state);
            machine.Write(state with { Endpoint = endpoint with { Port = await machine.ReadPortAsync(cancellationToken) } });
            return machine;
        }
        catch
        {
            await EndAsync(folder, CancellationToken.None);
            held.Dispose();
            throw;
        }
    }

    /// <summary>Takes over a machine that runs. The lock stays the caller's when this fails.</summary>
    /// <exception cref="QmpException">It does not answer.</exception>
    public static async Task<QemuMachine> AttachAsync(
        FolderLock held, QemuFolder folder, QemuProcess process, QemuState state, CancellationToken cancellationToken) =>
        new(held, folder, process, await QmpClient.ConnectAsync(state.QmpSocket, cancellationToken), state);

    /// <summary>Ends whatever runs in a folder whose lock the caller holds.</summary>
    public static async Task EndAsync(QemuFolder folder, CancellationToken cancellationToken)
    {
        if (folder.FindProcess() is { } process)
        {
            await process.EndAsync(cancellationToken);
        }

        folder.Forget();
    }

    /// <summary>The machine's state in QEMU's word: "running", "guest-panicked", "shutdown", "paused"...</summary>
    public async Task<string> QueryStatusAsync(CancellationToken cancellationToken) =>
        (await Qmp.ExecuteAsync("query-status", arguments: null, cancellationToken)).GetProperty("status").GetString() ?? "unknown";

    /// <summary>Runs a command of the human monitor, for what the machine protocol has no command of its own.</summary>
    /// <returns>What QEMU printed: empty, as a rule, when it did as it was told.</returns>
    public async Task<string> MonitorAsync(string command, CancellationToken cancellationToken) =>
        (await Qmp.ExecuteAsync("human-monitor-command", new JsonObject { ["command-line"] = command }, cancellationToken)).GetString() ?? "";

    public void Keep() => Write(State with { Kept = true });

    /// <summary>Ends the machine, gently where QEMU still listens, and forgets it; still to be disposed.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(QuitLimit);
        try
        {
            await Qmp.ExecuteAsync("quit", arguments: null, limit.Token);
            await _process.WaitForEndAsync(limit.Token);
        }
        catch (Exception exception) when (exception is QmpException or OperationCanceledException)
        {
            // The process is ended below, whatever it is busy with.
        }

        await EndAsync(Folder, CancellationToken.None);
    }

    /// <summary>Lets go of the machine, which runs on if it was not ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await Qmp.DisposeAsync();
        _held.Dispose();
    }

    private void Write(QemuState state)
    {
        Folder.WriteState(state);
        State = state;
    }

    private async Task<int> ReadPortAsync(CancellationToken cancellationToken)
    {
        var answer = await MonitorAsync("info usernet", cancellationToken);
        var match = ForwardedPort().Match(answer);
        return match.Success
            ? int.Parse(match.Groups["port"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)
            : throw new QmpException($"QEMU forwards no port to its guest's SSH server, though it was told to. It lists: {answer}");
    }

    [GeneratedRegex(@"HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(?<port>\d+)\s+10\.0\.2\.15\s+22\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ForwardedPort();
}
