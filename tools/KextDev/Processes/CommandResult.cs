namespace KextDev.Processes;

/// <summary>How a host program ended, with all that it printed.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error, TimeSpan Duration);

/// <summary>What a running host program tells: its lines, then its exit.</summary>
public abstract record CommandEvent;

public sealed record OutputLine(string Text) : CommandEvent;

public sealed record ErrorLine(string Text) : CommandEvent;

public sealed record Exited(int ExitCode) : CommandEvent;
