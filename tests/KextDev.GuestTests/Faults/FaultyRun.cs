using System.Diagnostics;
using System.Text;
using System.Text.Json;
using KextDev.Processes;

namespace KextDev.GuestTests.Faults;

/// <summary>A run of ./build.sh in another process, followed by its events file.</summary>
internal sealed class FaultyRun : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    private readonly FaultCheckout _checkout;
    private readonly HashSet<string> _earlier;
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private string? _folder;

    public FaultyRun(FaultCheckout checkout, IReadOnlyList<string> command)
    {
        _checkout = checkout;
        _earlier = [.. RunFolders()];

        // A shell's background job ignores SIGINT, and so would everything started from it.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", .. command])
        {
            WorkingDirectory = checkout.Root,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[FaultCheckout.MarkVariable] = checkout.Mark;
        start.Environment["TMPDIR"] = checkout.Temporary;
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.Start();
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>Its folder; null while it has none.</summary>
    public string? Folder => _folder ??= RunFolders().FirstOrDefault(folder => !_earlier.Contains(folder));

    /// <summary>Both outputs, by now.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Waits until the run has told an event of this name in which the text occurs.</summary>
    public Task HeardAsync(string name, string text) =>
        UntilAsync(() => EventLines().Any(line => line.Contains($"\"event\":\"{name}\"", StringComparison.Ordinal) && line.Contains(text, StringComparison.Ordinal)), $"{name} with {text}");

    /// <summary>Waits until something is so while the run goes on.</summary>
    public async Task UntilAsync(Func<bool> holds, string what)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(Poll))
        {
            // Asked before: the last moment counts.
            var ended = HasEnded;
            if (holds())
            {
                return;
            }

            if (ended || clock.Elapsed > Limit)
            {
                throw new InvalidOperationException($"The run {(ended ? "ended" : "went on for long")} without {what}:\n{Output}");
            }
        }
    }

    public async Task SignalAsync(string signal) => await new HostCommand("sh", "-c", $"kill -{signal} {Id}").TryRunAsync(CancellationToken.None);

    public async Task<FinishedRun> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return new FinishedRun(_process.ExitCode, Output, Folder, [.. EventLines().Select(line => JsonElement.Parse(line))]);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    // Whole lines: the last one may be about to be written.
    private string[] EventLines()
    {
        if (Folder is not { } folder || !File.Exists(Path.Combine(folder, "events.jsonl")))
        {
            return [];
        }

        using var file = new StreamReader(new FileStream(Path.Combine(folder, "events.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var text = file.ReadToEnd();
        return text.Length == 0 ? [] : text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private IEnumerable<string> RunFolders() =>
        Directory.Exists(_checkout.State.Runs) ? Directory.GetDirectories(_checkout.State.Runs).Where(folder => !Path.GetFileName(folder).StartsWith('.')) : [];

    private void Add(string? line)
    {
        lock (_output)
        {
            _output.Append(line).Append('\n');
        }
    }
}
