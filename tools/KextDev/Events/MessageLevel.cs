namespace KextDev.Events;

/// <summary>How much a message of the extension's matters, as its log channel tells it, the least first.</summary>
public enum MessageLevel
{
    Trace = 1,
    Debug,
    Info,
    Warning,
    Error,
}
