namespace KextDev.Guests;

/// <summary>A guest that may be ended and started anew although somebody else started it: its kernel is dead, and nothing else is lost.</summary>
public interface IRestartable
{
    /// <summary>Why that may not be, as a sentence; null where it may.</summary>
    string? RestartObstacle { get; }
}
