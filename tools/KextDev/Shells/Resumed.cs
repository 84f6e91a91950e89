using KextDev.Processes;

namespace KextDev.Shells;

/// <summary>The connection to a command was lost, and there is a new one: its output goes on where it broke off, in the middle of a line too.</summary>
/// <param name="Loss">How it was lost.</param>
public sealed record Resumed(ConnectionLostException Loss) : CommandEvent;
