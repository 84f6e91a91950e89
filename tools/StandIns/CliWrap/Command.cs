using System.ComponentModel;
using System.Diagnostics;
using CliWrap.Exceptions;

namespace CliWrap;

/// <summary>A program, its arguments and its pipes. Immutable: each With method returns a changed copy.</summary>
public class Command
{
    // How long a killed program may take to be gone before the caller is told anyway.
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(3);

    private readonly Settings _settings;

    public Command(string targetFilePath)
        : this(new Settings(targetFilePath))
    {
    }

    private Command(Settings settings) => _settings = settings;

    public string TargetFilePath => _settings.TargetFilePath;

    public Command WithArguments(IEnumerable<string> arguments) => new(_settings with { Arguments = [.. arguments] });

    public Command WithWorkingDirectory(string workingDirPath) => new(_settings with { WorkingDirPath = workingDirPath });

    /// <param name="environmentVariables">Added to the inherited environment; a null value removes the variable.</param>
    public Command WithEnvironmentVariables(IReadOnlyDictionary<string, string?> environmentVariables) =>
        new(_settings with { EnvironmentVariables = environmentVariables });

    public Command WithValidation(CommandResultValidation validation) => new(_settings with { Validation = validation });

    public Command WithStandardInputPipe(PipeSource source) => new(_settings with { StandardInputPipe = source });

    public Command WithStandardOutputPipe(PipeTarget target) => new(_settings with { StandardOutputPipe = target });

    public Command WithStandardErrorPipe(PipeTarget target) => new(_settings with { StandardErrorPipe = target });

    /// <param name="cancellationToken">Kills the program and its descendants.</param>
    /// <exception cref="Win32Exception">The program or its folder does not exist or may not be used; thrown by the call itself.</exception>
    public CommandTask<CommandResult> ExecuteAsync(CancellationToken cancellationToken = default)
    {
        var startTime = DateTimeOffset.Now;
        var process = Start();

        // Read now: a program that ends at once is disposed of before the next line.
        var id = process.Id;
        return new CommandTask<CommandResult>(RunToEndAsync(process, startTime, cancellationToken), id);
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(TargetFilePath, _settings.Arguments)
        {
            WorkingDirectory = _settings.WorkingDirPath ?? Directory.GetCurrentDirectory(),
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in _settings.EnvironmentVariables)
        {
            start.Environment[name] = value;
            if (value is null)
            {
                start.Environment.Remove(name);
            }
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new Win32Exception(
                $"Failed to start '{TargetFilePath}' in '{start.WorkingDirectory}': {exception.Message}",
                exception);
        }
    }

    private async Task<CommandResult> RunToEndAsync(Process process, DateTimeOffset startTime, CancellationToken cancellationToken)
    {
        using var owned = process;
        using var exited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var abandon = new CancellationTokenSource();
        using var kill = cancellationToken.Register(() =>
        {
            Kill(process);
            abandon.CancelAfter(KillTimeout);
        });

        var pipes = Task.WhenAll(
            FeedAsync(process, exited.Token),
            DrainAsync(process.StandardOutput.BaseStream, _settings.StandardOutputPipe, cancellationToken),
            DrainAsync(process.StandardError.BaseStream, _settings.StandardErrorPipe, cancellationToken));
        try
        {
            await process.WaitForExitAsync(abandon.Token).ConfigureAwait(false);
            // Nobody reads the standard input of a program that is gone.
            await exited.CancelAsync().ConfigureAwait(false);
            await pipes.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }

        if (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException($"'{TargetFilePath}' was cancelled and killed.", cancellationToken);
        }

        if (process.ExitCode != 0 && _settings.Validation.HasFlag(CommandResultValidation.ZeroExitCode))
        {
            throw new CommandExecutionException(
                this,
                process.ExitCode,
                $"'{TargetFilePath}' ended with exit code {process.ExitCode}: {TargetFilePath} {string.Join(' ', _settings.Arguments)}");
        }

        return new CommandResult(process.ExitCode, startTime, DateTimeOffset.Now);
    }

    private async Task FeedAsync(Process process, CancellationToken cancellationToken)
    {
        try
        {
            await using var input = process.StandardInput.BaseStream;
            await _settings.StandardInputPipe.CopyToAsync(input, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The program ended, or closed its input, before it read everything: its right.
        }
    }

    // The stream is closed even when the target fails, so that the program ends with a broken pipe and not never.
    private static async Task DrainAsync(Stream output, PipeTarget target, CancellationToken cancellationToken)
    {
        await using var owned = output;
        await target.CopyFromAsync(output, cancellationToken).ConfigureAwait(false);
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or AggregateException or Win32Exception)
        {
            // It ended by itself in the meantime.
        }
    }

    private sealed record Settings(string TargetFilePath)
    {
        public string[] Arguments { get; init; } = [];

        public string? WorkingDirPath { get; init; }

        public IReadOnlyDictionary<string, string?> EnvironmentVariables { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

        public CommandResultValidation Validation { get; init; } = CommandResultValidation.ZeroExitCode;

        public PipeSource StandardInputPipe { get; init; } = PipeSource.Null;

        public PipeTarget StandardOutputPipe { get; init; } = PipeTarget.Null;

        public PipeTarget StandardErrorPipe { get; init; } = PipeTarget.Null;
    }
}
