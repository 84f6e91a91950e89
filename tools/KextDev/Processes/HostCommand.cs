using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using CliWrap;

namespace KextDev.Processes;

/// <summary>A program on the host and its arguments, ready to run. Arguments reach the program as they are: no shell reads them.</summary>
public sealed partial record HostCommand
{
    public HostCommand(string program, params IEnumerable<string> arguments)
    {
        Program = program;
        Arguments = [.. arguments];
    }

    public string Program { get; private init; }

    public IReadOnlyList<string> Arguments { get; private init; }

    /// <summary>Where the program starts; the current folder when null.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Added to the inherited environment; a null value removes the variable.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>Text given on standard input; an empty input when null.</summary>
    public string? StandardInput { get; init; }

    /// <summary>Texts that stand in the arguments and may be shown to nobody.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>Runs the program to its end.</summary>
    /// <exception cref="HostCommandException">It could not be started, or ended with another exit code than 0.</exception>
    public async Task<CommandResult> RunAsync(CancellationToken cancellationToken)
    {
        var result = await TryRunAsync(cancellationToken);
        return result.ExitCode == 0 ? result : throw new HostCommandException(this, result);
    }

    /// <summary>Runs the program to its end, whatever its exit code.</summary>
    /// <exception cref="HostCommandException">It could not be started.</exception>
    public async Task<CommandResult> TryRunAsync(CancellationToken cancellationToken)
    {
        var output = new StringBuilder();
        var error = new StringBuilder();
        var result = await ExecuteAsync(PipeTarget.ToStringBuilder(output), PipeTarget.ToStringBuilder(error), cancellationToken);
        return new CommandResult(result.ExitCode, output.ToString(), error.ToString(), result.RunTime);
    }

    /// <summary>
    /// Runs the program and yields its lines as they come; the last element is the exit.
    /// Leaving the enumeration early, by a break or an exception, kills the program and its descendants.
    /// </summary>
    /// <exception cref="HostCommandException">It could not be started.</exception>
    public async IAsyncEnumerable<CommandEvent> StreamAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Unbounded: a slow reader of the events must not stall the program through its pipe.
        var events = Channel.CreateUnbounded<CommandEvent>();
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = PublishAsync(events.Writer, left.Token);
        try
        {
            await foreach (var line in events.Reader.ReadAllAsync(CancellationToken.None))
            {
                yield return line;
            }
        }
        finally
        {
            await left.CancelAsync();
            await run;
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Commands are equal when program, arguments, environment, folder and input are.</summary>
    public bool Equals(HostCommand? other) =>
        other is not null
        && Program == other.Program
        && WorkingDirectory == other.WorkingDirectory
        && StandardInput == other.StandardInput
        && Arguments.SequenceEqual(other.Arguments)
        && Environment.Count == other.Environment.Count
        && Environment.All(variable => other.Environment.TryGetValue(variable.Key, out var value) && value == variable.Value);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Program);
        foreach (var argument in Arguments)
        {
            hash.Add(argument);
        }

        return hash.ToHashCode();
    }

    /// <summary>The command as a person would type it in a shell, with its secrets masked.</summary>
    public override string ToString() => string.Join(' ', Arguments.Prepend(Program).Select(word => ShellWord.Quote(Mask(word))));

    /// <summary>A text that the program may have printed, without the command's secrets, of which one may be part of another.</summary>
    public string Mask(string text) =>
        Secrets.Where(secret => secret.Length > 0).OrderByDescending(secret => secret.Length).Aggregate(text, (masked, secret) => masked.Replace(secret, "****", StringComparison.Ordinal));

    // Never throws: how the run ended is told to the reader through the channel.
    private async Task PublishAsync(ChannelWriter<CommandEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            var result = await ExecuteAsync(
                PipeTarget.ToDelegate(line => events.TryWrite(new OutputLine(line))),
                PipeTarget.ToDelegate(line => events.TryWrite(new ErrorLine(line))),
                cancellationToken);
            events.TryWrite(new Exited(result.ExitCode));
            events.Complete();
        }
        catch (OperationCanceledException)
        {
            events.Complete();
        }
        catch (Exception exception)
        {
            events.Complete(exception);
        }
    }

    private async Task<CliWrap.CommandResult> ExecuteAsync(PipeTarget output, PipeTarget error, CancellationToken cancellationToken)
    {
        var command = Cli.Wrap(Program)
            .WithArguments(Arguments)
            .WithEnvironmentVariables(Environment)
            .WithValidation(CommandResultValidation.None)
            .WithStandardOutputPipe(output)
            .WithStandardErrorPipe(error);
        if (WorkingDirectory is not null)
        {
            command = command.WithWorkingDirectory(WorkingDirectory);
        }

        if (StandardInput is not null)
        {
            command = command.WithStandardInputPipe(PipeSource.FromString(StandardInput));
        }

        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            using var kill = new CancellationTokenSource();
            var run = command.ExecuteAsync(kill.Token);
            var end = Task.CompletedTask;
            await using (cancellationToken.Register(() => end = ProcessTree.Of(run.ProcessId).EndAsync(run.Task, kill)))
            {
                await run.Task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }

            await end;
            cancellationToken.ThrowIfCancellationRequested();
            return await run;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new HostCommandException(this, exception);
        }
    }
}
