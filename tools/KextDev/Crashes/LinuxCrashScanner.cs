namespace KextDev.Crashes;

/// <summary>
/// Finds crashes in the lines of a Linux console (x86-64, kernels 5.4 to 6.12). Pure text: it is fed lines and has no clock.
/// The lines are a guest's and believed nothing: their length and number are bounded, and only the kernel's own form begins a crash.
/// </summary>
internal sealed class LinuxCrashScanner
{
    // A kernel prints one report at a stretch.
    private const double LongestPause = 1.0;
    private const int MostLines = 1000;
    private const int MostLinesToHeadline = 5;

    private LinuxCrashReport? _report;
    private bool _stamped;

    /// <summary>Whether a report has begun and its end was not printed yet.</summary>
    public bool IsReading => _report is { HasHeadline: true };

    /// <summary>Takes the next line.</summary>
    /// <returns>The crash that this line completes; null for most lines.</returns>
    public Crash? Feed(string line)
    {
        var read = ConsoleLine.Parse(line);
        _stamped |= read.Time is not null;
        // On a console that stamps its lines an unstamped one is a program's, whatever words it uses.
        var isKernels = read.Time is not null || !_stamped;
        var headline = isKernels ? CrashHeadline.Read(read.Text) : null;

        Crash? finished = null;
        if (_report is not null && (isKernels ? IsOver(_report, read, headline) : _report.Lines >= MostLines))
        {
            finished = Complete();
        }

        if (_report is null && (headline is not null || (isKernels && read.Text.StartsWith("------------[ cut here ]", StringComparison.Ordinal))))
        {
            _report = new LinuxCrashReport();
        }

        _report?.Add(read, headline);
        return finished ?? (_report is { Finished: true } ? Complete() : null);
    }

    /// <summary>Ends the report that is being read, because the console ended or has been quiet for long.</summary>
    /// <returns>Null when none has begun.</returns>
    public Crash? Complete()
    {
        var crash = _report?.ToCrash();
        _report = null;
        return crash;
    }

    private static bool IsOver(LinuxCrashReport report, ConsoleLine line, CrashHeadline? headline)
    {
        if (report.Lines >= MostLines || line.Time - report.Time > LongestPause || (!report.HasHeadline && report.Lines >= MostLinesToHeadline))
        {
            return true;
        }

        // A headline before any place says more of the same crash; after one it is the next crash, unless it is the panic that follows.
        return headline is not null
            ? report is { HasHeadline: true, HasPlace: true } && headline.Kind != CrashKind.Panic && (report.Ended || !headline.IsDetail)
            : report.Ended && !LinuxCrashReport.Continues(line.Text);
    }
}
