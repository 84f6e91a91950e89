namespace CliWrap;

/// <summary>What makes a command's end an error.</summary>
[Flags]
public enum CommandResultValidation
{
    None = 0b0,
    ZeroExitCode = 0b1,
}
