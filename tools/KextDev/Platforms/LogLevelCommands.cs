namespace KextDev.Platforms;

/// <summary>Shell commands that read and set the least level of what a loaded extension logs at all.</summary>
/// <param name="Read">Prints it; fails where there is none.</param>
/// <param name="Set">Sets it to the value of the shell variable <c>level</c>, as the reading printed it.</param>
/// <param name="Values">As they are printed: of trace, debug, info, warning and error.</param>
/// <param name="Off">As it is printed where nothing is logged.</param>
public sealed record LogLevelCommands(string Read, string Set, IReadOnlyList<string> Values, string Off);
