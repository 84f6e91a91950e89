using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Packages.Tests.SshNet;

/// <summary>A real SSH server on loopback, run by the calling user for the calling user, with keys of its own. It touches nothing outside its folder.</summary>
public abstract class SshServer : IDisposable
{
    private const int Attempts = 5;
    private readonly ConcurrentQueue<string?> _log = new();
    private Process? _process;

    protected SshServer()
    {
        Folder = Directory.CreateTempSubdirectory("sshd-test-").FullName;
        GenerateKey("host-key");
        GenerateKey("user-key");
        GenerateKey("stranger-key");
        File.Copy(Path.Combine(Folder, "user-key.pub"), Path.Combine(Folder, "authorized_keys"));
    }

    public string Host { get; } = "127.0.0.1";

    public int Port { get; private set; }

    public string User { get; } = Environment.UserName;

    /// <summary>The key that the server accepts.</summary>
    public string PrivateKeyFile => Path.Combine(Folder, "user-key");

    /// <summary>A key that it does not.</summary>
    public string StrangerKeyFile => Path.Combine(Folder, "stranger-key");

    /// <summary>"ssh-ed25519 AAAA..."</summary>
    public string HostKey => PublicKey("host-key");

    /// <summary>As ssh-keygen prints it: "SHA256:...".</summary>
    public string HostKeyFingerprint => Fingerprint("host-key");

    /// <summary>A public key that is not the server's.</summary>
    public string StrangerKey => PublicKey("stranger-key");

    public string StrangerKeyFingerprint => Fingerprint("stranger-key");

    protected string Folder { get; }

    public void Start()
    {
        for (var attempt = 1; ; attempt++)
        {
            // The port may be taken between our look and the server's bind: then try another.
            Port = FreePort();
            _process = Launch(Port);
            if (IsAnswering(_process))
            {
                return;
            }

            Stop();
            if (attempt == Attempts)
            {
                throw new InvalidOperationException($"The SSH server does not answer on port {Port}:\n{string.Join('\n', _log)}");
            }
        }
    }

    /// <summary>Starts a stopped server where it was before.</summary>
    public void StartAgain()
    {
        _process = Launch(Port);
        if (!IsAnswering(_process))
        {
            throw new InvalidOperationException($"The SSH server does not answer on port {Port} again:\n{string.Join('\n', _log)}");
        }
    }

    /// <summary>Ends the server and every connection to it at once, as a crash would.</summary>
    public void Stop()
    {
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
            _process = null;
        }
    }

    /// <summary>Makes the server and its connections silent, as a hung machine is.</summary>
    public void Freeze() => Signal("-STOP");

    public void Thaw() => Signal("-CONT");

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        Stop();
        Directory.Delete(Folder, recursive: true);
    }

    protected abstract ProcessStartInfo Command(int port);

    protected static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}");
        return output;
    }

    private string PublicKey(string name) => string.Join(' ', File.ReadAllText(Path.Combine(Folder, $"{name}.pub")).Split(' ').Take(2));

    private string Fingerprint(string name) => Run("ssh-keygen", "-l", "-f", Path.Combine(Folder, $"{name}.pub")).Split(' ')[1];

    private void GenerateKey(string name) => Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", Path.Combine(Folder, name));

    private Process Launch(int port)
    {
        var start = Command(port);
        start.UseShellExecute = false;
        start.RedirectStandardError = true;
        start.RedirectStandardOutput = true;
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data);
        process.OutputDataReceived += (_, line) => _log.Enqueue(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    private bool IsAnswering(Process process)
    {
        while (!process.HasExited)
        {
            try
            {
                using var client = new TcpClient(Host, Port);
                using var banner = new StreamReader(client.GetStream());
                return banner.ReadLine()?.StartsWith("SSH-2.0-", StringComparison.Ordinal) == true;
            }
            catch (SocketException)
            {
                Thread.Yield();
            }
        }

        return false;
    }

    // Depth first, so that a connection is not forgotten.
    private void Signal(string signal)
    {
        var processes = new Stack<int>([_process!.Id]);
        while (processes.TryPop(out var id))
        {
            var children = string.Join(' ', Directory.GetDirectories($"/proc/{id}/task").Select(task => File.ReadAllText(Path.Combine(task, "children"))));
            Run("sh", "-c", "kill $0 $1", signal, id.ToString(CultureInfo.InvariantCulture));
            foreach (var child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                processes.Push(int.Parse(child, CultureInfo.InvariantCulture));
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
