using System.Diagnostics;
using System.Text;

namespace Packages.Tests.Nuke;

/// <summary>The sample build as a process in a root folder of its own, with nothing in its environment that could set a parameter.</summary>
public sealed class SampleProcess : IDisposable
{
    // A limit for a process that hangs, far above what any run takes.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Holds `.nuke`, and is the working folder.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("sample-build-").FullName;

    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    public SampleProcess()
    {
        Directory.CreateDirectory(Path.Combine(Root, ".nuke"));
    }

    public void Write(string file, string text) => File.WriteAllText(Path.Combine(Root, file), text);

    public async Task<Result> RunAsync(params string[] arguments)
    {
        var output = new StringBuilder();
        using var process = Start(arguments, output);
        return await EndOf(process, output);
    }

    /// <summary>Runs until a target says that it waits, and then sends the signal.</summary>
    public async Task<Result> InterruptAsync(string signal, params string[] arguments)
    {
        var output = new StringBuilder();
        using var process = Start(arguments, output);
        await Task.WhenAny(_waiting.Task, process.WaitForExitAsync()).WaitAsync(Limit);
        using (var kill = Process.Start("sh", ["-c", $"kill -{signal} {process.Id}"]))
        {
            await kill.WaitForExitAsync().WaitAsync(Limit);
        }

        return await EndOf(process, output);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static string Dotnet => System.Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    private Process Start(string[] arguments, StringBuilder output)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Packages.Tests.SampleBuild.dll");

        // A shell's background job ignores SIGINT, and so would everything started from it.
        string[] command = OperatingSystem.IsLinux() ? ["env", "--default-signal=INT", Dotnet, program] : [Dotnet, program];
        var start = new ProcessStartInfo(command[0], [.. command[1..], .. arguments])
        {
            WorkingDirectory = Root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var kept = start.Environment.Where(variable => variable.Key is "PATH" or "HOME" or "DOTNET_ROOT").ToList();
        start.Environment.Clear();
        foreach (var (name, value) in kept.Select(pair => (pair.Key, pair.Value)).Concat(Environment.Select(pair => (pair.Key, (string?)pair.Value))))
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Add(output, line.Data);
        process.ErrorDataReceived += (_, line) => Add(output, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Add(StringBuilder output, string? line)
    {
        lock (output)
        {
            output.Append(line).Append('\n');
        }

        if (line?.EndsWith("Waiting", StringComparison.Ordinal) == true)
        {
            _waiting.TrySetResult();
        }
    }

    private static async Task<Result> EndOf(Process process, StringBuilder output)
    {
        await process.WaitForExitAsync().WaitAsync(Limit);
        lock (output)
        {
            return new Result(process.ExitCode, output.ToString());
        }
    }

    /// <param name="ExitCode">128 and the signal's number where a signal ended the process.</param>
    /// <param name="Output">Both outputs.</param>
    public sealed record Result(int ExitCode, string Output)
    {
        /// <summary>The table's rows: target, status, note.</summary>
        public IReadOnlyList<(string Target, string Status, string Note)> Table =>
        [
            .. Output.Split('\n')
                .SkipWhile(line => !line.StartsWith("Target  ", StringComparison.Ordinal))
                .Skip(2)
                .TakeWhile(line => !line.StartsWith('─'))
                .Select(line => (Columns: line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), Note: line.Split("// ").ElementAtOrDefault(1) ?? ""))
                .Select(row => (row.Columns[0], row.Columns[1], row.Note)),
        ];

        public IReadOnlyList<string> Order => [.. Table.Select(row => row.Target)];

        public string StatusOf(string target) => Table.Single(row => row.Target == target).Status;

        public string NoteOf(string target) => Table.Single(row => row.Target == target).Note;
    }
}
