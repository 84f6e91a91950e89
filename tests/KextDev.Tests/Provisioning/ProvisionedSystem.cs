using KextDev.Processes;
using KextDev.Provisioning;

namespace KextDev.Tests.Provisioning;

/// <summary>A folder that stands for a system's root, with commands before this host's own that keep their state in files: what a script does to it can be read.</summary>
internal sealed class ProvisionedSystem : IDisposable
{
    public const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9uZSBrZXkgb2YgYSB0ZXN0IGFuZCBubyBvdGhlcg kextdev";

    private readonly TemporaryFolder _folder = new();
    private readonly string _script;
    private readonly Dictionary<string, string?> _environment;

    /// <param name="system">darwin or linux.</param>
    /// <param name="commands">The commands that stand in for the system's own.</param>
    public ProvisionedSystem(string system, params string[] commands)
    {
        _script = Path.Combine(Repository.Root, "vm", "provision", $"{system}.sh");
        var standIn = Path.Combine(Repository.Root, "tests", "KextDev.Tests", "Provisioning", "commands", system);
        Directory.CreateDirectory(_folder.Combine("bin"));
        foreach (var command in commands)
        {
            _folder.Write($"bin/{command}", File.ReadAllText(standIn));
            File.SetUnixFileMode(_folder.Combine($"bin/{command}"), (UnixFileMode)0b111_101_101);
        }

        _environment = new(StringComparer.Ordinal)
        {
            ["PATH"] = $"{_folder.Combine("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["STATE"] = _folder.Combine("state"),
            ["KDKS"] = Root("Library/Developer/KDKs"),
        };
    }

    public void Dispose() => _folder.Dispose();

    public string Root(string path) => _folder.Combine($"root/{path}");

    public string Write(string path, string text) => _folder.Write($"root/{path}", text);

    public string Read(string path) => File.ReadAllText(Root(path));

    /// <summary>The release as which the commands answer.</summary>
    public void Be(string release) => _environment["RELEASE"] = release;

    public void WriteState(string name, string text) => _folder.Write($"state/{name}", text);

    public void RemoveState(string name) => File.Delete(_folder.Combine($"state/{name}"));

    /// <summary>The calls that changed something.</summary>
    public IReadOnlyList<string> Changes() => File.Exists(_folder.Combine("state/log")) ? File.ReadAllLines(_folder.Combine("state/log")) : [];

    public async Task<IReadOnlyList<ProvisionStep>> RunAsync(params string[] options)
    {
        var result = await RunScriptAsync(options);
        result.Error.ShouldBeEmpty();
        var steps = ProvisionStep.ReadAll(result.Output);
        result.ExitCode.ShouldBe(steps.Any(step => step.Outcome == ProvisionOutcome.Failed) ? 1 : 0);
        return steps;
    }

    public Task<CommandResult> RunScriptAsync(params string[] options) =>
        new HostCommand("sh", [_script, "--root", _folder.Combine("root"), .. options]) { Environment = _environment }.TryRunAsync(CancellationToken.None);
}
