namespace KextDev.Crashes;

/// <summary>
/// Finds crashes in the lines of a console, Linux's or macOS's. Pure text: it is fed lines and has no clock.
/// The lines are a guest's and believed nothing: their length and number are bounded, and only the kernel's own form begins a crash.
/// </summary>
public sealed class CrashScanner
{
    private readonly LinuxCrashScanner _linux = new();
    private PanicReport? _panic;

    /// <summary>Whether a report has begun and its end was not printed yet.</summary>
    public bool IsReading => _panic is not null || _linux.IsReading;

    /// <summary>Takes the next line.</summary>
    /// <returns>The crash that this line completes; null for most lines.</returns>
    public Crash? Feed(string line)
    {
        if (_panic is not null)
        {
            if (_panic.Take(line))
            {
                return null;
            }

            // Another boot of the same machine begins.
            var panic = Complete();
            Begin(line);
            return panic;
        }

        return Begin(line);
    }

    /// <summary>Ends the report that is being read, because the console ended or has been quiet for long.</summary>
    /// <returns>Null when none has begun.</returns>
    public Crash? Complete()
    {
        var crash = _panic?.ToCrash() ?? _linux.Complete();
        _panic = null;
        return crash;
    }

    private Crash? Begin(string line)
    {
        _panic = PanicReport.Begin(line);
        return _panic is null ? _linux.Feed(line) : _linux.Complete();
    }
}
