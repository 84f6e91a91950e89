using System.ComponentModel;

namespace KextDev.Processes;

/// <summary>A host program could not be started or failed. The message alone is enough to diagnose it.</summary>
public sealed class HostCommandException : InfrastructureException
{
    public HostCommandException(HostCommand command, CommandResult result)
        : base($"{command.Program} failed with exit code {result.ExitCode}: {command}{Section(command, "output", result.Output)}{Section(command, "errors", result.Error)}")
    {
        Command = command;
        Result = result;
    }

    public HostCommandException(HostCommand command, Exception cause)
        : base($"{command.Program} could not be started: {Reason(command, cause)}", cause)
    {
        Command = command;
    }

    public HostCommand Command { get; }

    /// <summary>Null when the program never started.</summary>
    public CommandResult? Result { get; }

    private static string Reason(HostCommand command, Exception cause)
    {
        const int NoEntry = 2;
        var system = cause.GetBaseException() as Win32Exception;
        return (system?.NativeErrorCode, command.WorkingDirectory) switch
        {
            (_, { } folder) when !Directory.Exists(folder) => $"the folder to start it in, {folder}, does not exist. Create it first.",
            (NoEntry, _) => "no such program. Install it, or run ./build.sh KernelDeps, which names the package.",
            ({ } code, _) => $"{new Win32Exception(code).Message}. Check that it may be executed: ls -l {ShellWord.Quote(command.Program)}",
            _ => cause.Message,
        };
    }

    private static string Section(HostCommand command, string name, string text) =>
        command.Mask(text).Trim() is { Length: > 0 } content ? $"\n  {name}:\n    {content.ReplaceLineEndings("\n    ")}" : "";
}
