using KextDev.Processes;

namespace KextDev.Tests.DarwinGuest;

/// <summary>A system of macOS below a folder: its files, its kernel once it has one, and its commands.</summary>
internal sealed class DarwinSystem : IAsyncDisposable
{
    private readonly DarwinCommands _commands;
    private readonly TemporaryFolder _root = new();
    private IAsyncEnumerator<CommandEvent>? _kernel;

    private DarwinSystem(DarwinCommands commands, string release)
    {
        _commands = commands;
        Release = release;
        foreach (var folder in (string[])["bin", "var/db", "var/run", "var/log", "Library/Extensions", "Library/Logs/DiagnosticReports", "System/Library/CoreServices", "System/Library/Extensions"])
        {
            Directory.CreateDirectory(_root.Combine(folder));
        }
    }

    public string Release { get; }

    public string Root => _root.Path;

    /// <summary>What macOS would have in /Library/Logs/DiagnosticReports.</summary>
    public IReadOnlyList<string> Reports => Directory.GetFiles(_root.Combine("Library/Logs/DiagnosticReports"));

    public string Log => _root.Combine("var/log/kernel.log");

    /// <summary>One that has its files, and has started no kernel.</summary>
    public static async Task<DarwinSystem> InstallAsync(DarwinCommands commands, string release = "10.15")
    {
        var system = new DarwinSystem(commands, release);
        await system.BootAsync();
        return system;
    }

    public static async Task<DarwinSystem> StartAsync(DarwinCommands commands, string release = "10.15")
    {
        var system = await InstallAsync(commands, release);
        await system.StartKernelAsync();
        return system;
    }

    /// <summary>What happens at each start before the kernel's.</summary>
    public async Task BootAsync() => (await RunAsync("darwin-boot", Release)).ExitCode.ShouldBe(0);

    public async Task StartKernelAsync()
    {
        string[] options =
        [
            "--socket", Socket, "--log", Log, "--log-times", Log + ".times", "--reports", _root.Combine("Library/Logs/DiagnosticReports"),
            "--nvram", _root.Combine("var/db/nvram"), "--release", Release,
        ];
        _kernel = new HostCommand(_commands.Programs.KextHost, options).StreamAsync(CancellationToken.None).GetAsyncEnumerator();
        (await _kernel.MoveNextAsync()).ShouldBeTrue();
        _kernel.Current.ShouldBe(new OutputLine("ready"));
    }

    /// <summary>Waits for the kernel's end.</summary>
    public async Task<int> KernelExitAsync()
    {
        (await _kernel!.MoveNextAsync()).ShouldBeTrue();
        return _kernel.Current.ShouldBeOfType<Exited>().ExitCode;
    }

    public async Task<CommandResult> RunAsync(string command, params string[] words)
    {
        var program = _root.Combine(Path.Combine("bin", command));
        if (!File.Exists(program))
        {
            File.CreateSymbolicLink(program, _commands.Programs.Commands);
        }

        var environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["KEXTHOST_ROOT"] = Root, ["KEXTHOST_SOCKET"] = Socket, ["TZ"] = "UTC" };
        return await new HostCommand(program, words) { Environment = environment }.TryRunAsync(CancellationToken.None);
    }

    /// <summary>What a command prints that is to succeed.</summary>
    public async Task<string> PrintsAsync(string command, params string[] words)
    {
        var result = await RunAsync(command, words);
        result.ExitCode.ShouldBe(0, result.Error);
        return result.Output;
    }

    /// <summary>Sets variables of the next start, and starts.</summary>
    public async Task RestartWithAsync(params string[] assignments)
    {
        await PrintsAsync("nvram", assignments);
        await BootAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_kernel is not null)
        {
            await _kernel.DisposeAsync();
        }

        _root.Dispose();
    }

    private string Socket => _root.Combine("var/run/kexthost.socket");
}
