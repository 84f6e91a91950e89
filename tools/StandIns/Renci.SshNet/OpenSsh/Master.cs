using System.Diagnostics;
using System.Globalization;
using Renci.SshNet.Common;

namespace Renci.SshNet.OpenSsh;

/// <summary>
/// One connection: an ssh that holds it and lets others run their sessions through its control socket, in a private folder (mode 0700).
/// It reads no configuration of the user and asks no agent. It ends with <see cref="Dispose"/>, and also when this process dies in any way:
/// the shell around it waits for the end of its standard input, whose other end we hold.
/// </summary>
internal sealed class Master : IDisposable
{
    private const string ControlName = "c";
    private const string ConnectedWord = "connected";
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(3);

    // Its process group holds itself, ssh, and what ssh started: OwnSession saw to that. Who asks about a server's key waits for the answer also where ssh has ended.
    private const string Guard = $$"""
        mkfifo {{HostKeyHandshake.AnswerName}} || exit 1
        exec 3<&0
        "$@" </dev/null 3<&- &
        master=$!
        { read -r _; folder=$PWD; cd / && rm -rf "$folder"; kill -TERM "$master"; sleep 1; kill -KILL 0; } <&3 >/dev/null 2>&1 &
        watch=$!
        exec 3<&-
        wait "$master"
        code=$?
        kill -KILL "$watch"
        trap '' TERM
        kill -TERM 0
        exit "$code"
        """;

    private readonly ConnectionInfo _info;
    private readonly string _folder = Directory.CreateTempSubdirectory("ssh-").FullName;
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _lastWords = new();
    private readonly Process _process;
    private readonly Task _ended;
    private readonly Task _reading;
    private int _sessions;

    private Master(ConnectionInfo info, TimeSpan keepAlive, Func<HostKeyEventArgs, bool> isTrusted)
    {
        _info = info;
        Handshake = new HostKeyHandshake(_folder, isTrusted);
        try
        {
            Handshake.WriteScript();
            _process = OwnSession.Start(_folder, ["/bin/sh", "-c", Guard, "ssh-guard", "ssh", .. Arguments(keepAlive)]);
        }
        catch
        {
            Directory.Delete(_folder, recursive: true);
            throw;
        }

        _ended = _process.WaitForExitAsync();
        _reading = Task.WhenAll(ReadOutputAsync(), ReadErrorAsync());
    }

    public bool IsAlive => _connected.Task.IsCompletedSuccessfully && !_ended.IsCompleted;

    public (string Name, byte[] Key) HostKey => Handshake.Accepted ?? throw HostKeyHandshake.Refused();

    private HostKeyHandshake Handshake { get; }

    public static async Task<Master> ConnectAsync(
        ConnectionInfo info, TimeSpan keepAlive, Func<HostKeyEventArgs, bool> isTrusted, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var master = new Master(info, keepAlive, isTrusted);
        try
        {
            var first = Task.WhenAny(master._connected.Task, master._ended);
            await first.WaitAsync(info.Timeout, cancellationToken).ConfigureAwait(false);
            if (!master._connected.Task.IsCompletedSuccessfully)
            {
                await master._reading.ConfigureAwait(false);
                throw master.Handshake switch
                {
                    { HandlerFailure: { } failure } => failure,
                    { IsRefused: true } => HostKeyHandshake.Refused(),
                    _ => ConnectFailure.From(master.LastWords()),
                };
            }

            master.Handshake.Dispose();
            return master;
        }
        catch (TimeoutException)
        {
            master.Dispose();
            throw new SshOperationTimeoutException($"Connecting to {info.Host} port {info.Port} took longer than {info.Timeout.TotalSeconds} s.");
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    /// <summary>Starts an ssh that runs one session through this connection.</summary>
    /// <param name="options">Such as "-s" for a subsystem.</param>
    /// <param name="command">What the session runs.</param>
    public SessionProcess StartSession(IEnumerable<string> options, string command)
    {
        // Without its control socket, ssh would connect by itself: its proxy command leaves a mark instead and fails.
        var mark = $"refused-{Interlocked.Increment(ref _sessions)}";
        string[] arguments =
        [
            // What ssh itself has to say is no part of the program's standard error.
            "ssh", "-F", "/dev/null", "-E", "/dev/null", "-T", "-S", ControlName, .. options,
            .. Options("ControlMaster=no", "BatchMode=yes", "LogLevel=ERROR", $"ProxyCommand=/bin/sh -c ': > {mark}'"),
            "-p", Port, "-l", _info.Username, "--", _info.Host, command,
        ];
        return Directory.Exists(_folder)
            ? new SessionProcess(OwnSession.Start(_folder, arguments), this, Path.Combine(_folder, mark))
            : throw Lost();
    }

    /// <summary>Whether the connection still carries: asked of the process that holds it.</summary>
    public async Task<bool> AnswersAsync()
    {
        if (!IsAlive)
        {
            return false;
        }

        try
        {
            return await Task.Run(() => AskControl("check").ExitCode == 0).ConfigureAwait(false);
        }
        catch (SshConnectionException)
        {
            // Its folder is gone, and so is the connection.
            return false;
        }
    }

    /// <summary>Has the process that holds the connection do something, such as "forward".</summary>
    /// <exception cref="SshException">It could not, in ssh's words.</exception>
    public void Control(string request, params IEnumerable<string> arguments)
    {
        var (exitCode, error) = IsAlive ? AskControl(request, arguments) : throw Lost();
        if (exitCode != 0)
        {
            throw new SshException(error.Length > 0 ? error : $"ssh refused to {request}.");
        }
    }

    public SshConnectionException Lost() =>
        new($"The connection to {_info.Host} port {_info.Port} is lost. {LastWords()}".TrimEnd());

    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The guard ended before.
        }

        if (!_process.WaitForExit(EndTimeout))
        {
            _process.Kill(entireProcessTree: true);
        }

        Handshake.Dispose();
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // The guard removed it, or is about to.
        }

        _process.Dispose();
    }

    private (int ExitCode, string Error) AskControl(string request, params IEnumerable<string> arguments)
    {
        using var ask = OwnSession.Start(_folder, ["ssh", "-F", "/dev/null", "-S", ControlName, "-O", request, .. arguments, "--", _info.Host]);
        var error = ask.StandardError.ReadToEnd();
        ask.WaitForExit();
        return (ask.ExitCode, error.Trim());
    }

    private static IEnumerable<string> Options(params IEnumerable<string> options) => options.SelectMany(option => new[] { "-o", option });

    private string Port => _info.Port.ToString(CultureInfo.InvariantCulture);

    private IEnumerable<string> Arguments(TimeSpan keepAlive)
    {
        var keys = _info.AuthenticationMethods.OfType<PrivateKeyAuthenticationMethod>()
            .SelectMany(method => method.KeyFiles).OfType<PrivateKeyFile>()
            // ssh expands % in file names.
            .SelectMany(key => new[] { "-i", key.FileName.Replace("%", "%%", StringComparison.Ordinal) });
        var aliveInterval = keepAlive > TimeSpan.Zero ? (int)Math.Ceiling(keepAlive.TotalSeconds) : 0;
        return
        [
            "-F", "/dev/null", "-N", "-T", "-M", "-S", ControlName, .. keys,
            .. Options(
                "BatchMode=yes", "LogLevel=ERROR", "ControlPersist=no",
                "IdentitiesOnly=yes", "IdentityAgent=none", "PreferredAuthentications=publickey",
                "StrictHostKeyChecking=yes", "UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null",
                "CheckHostIP=no", "UpdateHostKeys=no", "VerifyHostKeyDNS=no",
                // Told which kinds to prefer, ssh does not ask for that order, too.
                "HostKeyAlgorithms=^ssh-ed25519",
                $"KnownHostsCommand=/bin/sh {HostKeyHandshake.ScriptName} %I %t %K",
                // Runs once the user is accepted and the control socket listens.
                "PermitLocalCommand=yes", $"LocalCommand=echo {ConnectedWord}",
                $"ConnectTimeout={(int)Math.Ceiling(_info.Timeout.TotalSeconds)}",
                $"ServerAliveInterval={aliveInterval}", "ServerAliveCountMax=3"),
            "-p", Port, "-l", _info.Username, "--", _info.Host,
        ];
    }

    private async Task ReadOutputAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (line == ConnectedWord)
            {
                _connected.TrySetResult();
            }
        }
    }

    private async Task ReadErrorAsync()
    {
        while (await _process.StandardError.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (_connected.Task.IsCompleted || !Handshake.TryAnswer(line))
            {
                lock (_lastWords)
                {
                    _lastWords.Enqueue(line.TrimEnd());
                    if (_lastWords.Count > 8)
                    {
                        _lastWords.Dequeue();
                    }
                }
            }
        }
    }

    private string LastWords()
    {
        lock (_lastWords)
        {
            return string.Join('\n', _lastWords);
        }
    }
}
