using KextDev.Events;
using Spectre.Console;

namespace KextDev.Reports;

/// <summary>
/// The moving line at the bottom of a terminal: the stage or test under way, its progress, its time.
/// Of a test, the latest warning or error that the extension logged. It steps aside for every line that the report above it writes.
/// </summary>
public sealed class LiveStatus : IRunReport
{
    private const int BarWidth = 30;

    // Carriage return, then ECMA-48 "erase in line".
    private const string EraseLine = "\r\u001b[2K";
    private const string Spinner = "|/-\\";

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(120);

    private readonly Lock _screen = new();
    private readonly IAnsiConsole _console;
    private readonly IRunReport _above;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly TestMessages _messages = new(_ => { });
    private string? _what;
    private long _since;
    private long _done;
    private long _total;
    private int _turn;

    /// <param name="above">Writes the lines that stay.</param>
    public LiveStatus(IAnsiConsole console, IRunReport above, TimeProvider clock)
    {
        _console = console;
        _above = above;
        _clock = clock;
        _timer = clock.CreateTimer(_ => Redraw(), state: null, Tick, Tick);
    }

    public void Receive(RunEvent runEvent)
    {
        lock (_screen)
        {
            Write(EraseLine);
            _above.Receive(runEvent);
            _messages.Receive(runEvent);
            Follow(runEvent);
            Write(Line());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        lock (_screen)
        {
            Write(EraseLine);
        }

        await _above.DisposeAsync();
    }

    private void Follow(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StageStarted stage:
                Begin(Wording.Of(stage.Stage));
                break;
            case TestStarted test:
                Begin(test.Test);
                break;
            case TestProgressed progress:
                (_done, _total) = (progress.Done, progress.Total);
                break;
            case StageEnded or TestEnded or RunEnded:
                _what = null;
                break;
        }
    }

    private void Begin(string what)
    {
        _what = what;
        _since = _clock.GetTimestamp();
        (_done, _total) = (0, 0);
    }

    private void Redraw()
    {
        lock (_screen)
        {
            if (_what is not null)
            {
                _turn = (_turn + 1) % Spinner.Length;
                Write(EraseLine + Line());
            }
        }
    }

    // Never as long as the terminal is wide: a line that wraps cannot be erased.
    private string Line()
    {
        if (_what is null)
        {
            return "";
        }

        var bar = "";
        if (_total > 0)
        {
            var filled = (int)(BarWidth * Math.Clamp((double)_done / _total, 0, 1));
            bar = $"  [{new string('=', filled)}{new string(' ', BarWidth - filled)}]";
        }

        var line = $"{Spinner[_turn]} {PrintableText.Of(_what)}{bar}  {Wording.Of(_clock.GetElapsedTime(_since))}{Logged()}";
        return line[..Math.Min(line.Length, Math.Max(0, _console.Profile.Width - 1))];
    }

    // What a test logs is known to be of interest only with its verdict; until then it is here.
    private string Logged() => _messages.Current is ({ } latest, var count)
        ? $"  {latest.Level.ToString().ToLowerInvariant()}{(count > 1 ? $" ({count:#,0} by now)" : "")}: {PrintableText.Of(latest.Text)}"
        : "";

    private void Write(string text)
    {
        _console.Profile.Out.Writer.Write(text);
        _console.Profile.Out.Writer.Flush();
    }
}
