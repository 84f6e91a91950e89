namespace KextDev.Processes;

/// <summary>A host program could not be started or failed. The message alone is enough to diagnose it.</summary>
public sealed class HostCommandException : InfrastructureException
{
    public HostCommandException(HostCommand command, CommandResult result)
        : base($"{command.Program} failed with exit code {result.ExitCode}: {command}{Section("output", result.Output)}{Section("errors", result.Error)}")
    {
        Command = command;
        Result = result;
    }

    public HostCommandException(HostCommand command, Exception cause)
        : base($"{command.Program} could not be started: {cause.Message}. Install it, or run ./build.sh KernelDeps, which names the package.", cause)
    {
        Command = command;
    }

    public HostCommand Command { get; }

    /// <summary>Null when the program never started.</summary>
    public CommandResult? Result { get; }

    private static string Section(string name, string text) =>
        text.Trim() is { Length: > 0 } content ? $"\n  {name}:\n    {content.ReplaceLineEndings("\n    ")}" : "";
}
