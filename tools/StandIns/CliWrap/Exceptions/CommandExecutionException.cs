namespace CliWrap.Exceptions;

/// <summary>A command ended with an exit code that its validation refuses.</summary>
public class CommandExecutionException(Command command, int exitCode, string message) : Exception(message)
{
    public Command Command { get; } = command;

    public int ExitCode { get; } = exitCode;
}
