namespace KextDev.Shells;

/// <summary>How a command in a guest ended, with what it printed. The texts are a guest's: hostile input, control characters included.</summary>
/// <param name="ExitCode">128 + n when signal n ended the command.</param>
/// <param name="Output">At most 16 Mi characters; a last line tells when there was more.</param>
/// <param name="Error">Likewise.</param>
/// <param name="Duration">As seen from the host.</param>
public sealed record ShellResult(int ExitCode, string Output, string Error, TimeSpan Duration);
