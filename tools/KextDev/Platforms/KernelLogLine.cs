namespace KextDev.Platforms;

/// <summary>A line of a kernel's log.</summary>
/// <param name="Time">Nanoseconds on the clock of the log; null where the line has none.</param>
/// <param name="Text">What follows the time: a guest's text.</param>
public sealed record KernelLogLine(long? Time, string Text);

/// <summary>The clock by which a kernel's log tells the time.</summary>
public enum KernelClock
{
    /// <summary>Since the kernel's start, without the time that the machine slept.</summary>
    Uptime,

    /// <summary>Since 1970.</summary>
    WallClock,
}
