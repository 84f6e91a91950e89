using Nuke.Common.IO;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Display;

namespace Nuke.Common.Output;

/// <summary>Takes log events: shows them, keeps warnings and errors for the end, and writes all into `.nuke/temp/build.log`.</summary>
internal sealed class BuildLog : ILogEventSink, IDisposable
{
    private static readonly MessageTemplateTextFormatter Line = new("{Timestamp:HH:mm:ss} [{Level:u3}] {Message:l}{NewLine}{Exception}");
    private static readonly MessageTemplateTextFormatter Bare = new("{Message:l}");

    private readonly Lock _gate = new();
    private readonly ConsoleLines _console;
    private readonly Host _host;
    private readonly LogEventLevel _shownFrom;
    private readonly StreamWriter? _file;
    private readonly List<(string Target, LogEvent Event)> _problems = [];

    public BuildLog(ConsoleLines console, Host host, Verbosity verbosity, AbsolutePath temporaryDirectory)
    {
        _console = console;
        _host = host;
        _shownFrom = verbosity switch
        {
            Verbosity.Verbose => LogEventLevel.Verbose,
            Verbosity.Minimal => LogEventLevel.Warning,
            Verbosity.Quiet => LogEventLevel.Error,
            _ => LogEventLevel.Debug,
        };
        _file = Open(temporaryDirectory / "build.log");
    }

    /// <summary>Empty between targets.</summary>
    public string Target { get; set; } = "";

    /// <summary>The warnings and errors so far, each with the target in which it came.</summary>
    public IReadOnlyList<(string Level, string Target, string Message)> Problems
    {
        get
        {
            lock (_gate)
            {
                return [.. _problems.Select(problem => (LevelOf(problem.Event), problem.Target, Render(Bare, problem.Event)))];
            }
        }
    }

    public void Emit(LogEvent logEvent)
    {
        lock (_gate)
        {
            var line = Render(Line, logEvent).TrimEnd('\n');
            if (logEvent.Level >= _shownFrom)
            {
                _console.Write(line, ColourOf(logEvent.Level));
            }

            _file?.WriteLine($"{logEvent.Timestamp:HH:mm:ss.fff} | {LevelOf(logEvent)[0]} | {Target,-20} | {line[15..]}");
            if (logEvent.Level < LogEventLevel.Warning)
            {
                return;
            }

            _problems.Add((Target, logEvent));
            if (logEvent.Level == LogEventLevel.Warning)
            {
                _host.ReportWarning(_console, Render(Bare, logEvent));
            }
            else
            {
                _host.ReportError(_console, Render(Bare, logEvent));
            }
        }
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>A log that cannot be written, for another build holds it or the disk is full, must not stop the build.</summary>
    private static StreamWriter? Open(string path)
    {
        try
        {
            return new StreamWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Render(MessageTemplateTextFormatter formatter, LogEvent logEvent)
    {
        using var text = new StringWriter { NewLine = "\n" };
        formatter.Format(logEvent, text);
        return text.ToString();
    }

    private static string LevelOf(LogEvent logEvent) => logEvent.Level switch
    {
        LogEventLevel.Verbose => "VRB",
        LogEventLevel.Debug => "DBG",
        LogEventLevel.Information => "INF",
        LogEventLevel.Warning => "WRN",
        LogEventLevel.Error => "ERR",
        _ => "FTL",
    };

    private static LineColour ColourOf(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose or LogEventLevel.Debug => LineColour.Faint,
        LogEventLevel.Information => LineColour.None,
        LogEventLevel.Warning => LineColour.Caution,
        _ => LineColour.Failure,
    };
}
