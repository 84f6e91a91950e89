using System.Globalization;
using KextDev.Events;

namespace KextDev.Reports;

/// <summary>
/// Warnings and errors that the extension logs while tests run. Tests provoke them on purpose, so those of a test that passes are trouble to nobody, and are summed up;
/// those of any other are shown beside its verdict.
/// </summary>
/// <param name="show">Shows one, or that there were more.</param>
internal sealed class TestMessages(Action<RunEvent> show)
{
    // The last before a verdict tell most.
    private const int MostHeld = 40;
    private const int MostNamed = 8;

    private readonly Queue<MessageLogged> _held = new();
    private readonly Dictionary<string, Sum> _sums = new(StringComparer.Ordinal);
    private readonly HashSet<string> _passed = new(StringComparer.Ordinal);
    private string? _running;
    private long _notHeld;

    /// <summary>The latest of the test that runs, and how many it has; null while it has none.</summary>
    public (MessageLogged Latest, long Count)? Current => _held.Count == 0 ? null : (_held.Last(), _held.Count + _notHeld);

    public void Receive(RunEvent told)
    {
        switch (told)
        {
            case TestStarted test:
                Begin(test.Test);
                break;
            case MessageLogged message:
                Take(message);
                break;
            case MessagesOmitted omitted when omitted.Test is { } test && (test == _running || _passed.Contains(test)):
                _sums[test] = SumOf(test) with { More = SumOf(test).More + omitted.Count };
                _notHeld += test == _running ? omitted.Count : 0;
                break;
            case MessagesOmitted:
                show(told);
                break;
            case TestEnded { Result.Verdict: Verdict.Passed } ended:
                _passed.Add(ended.Result.Name);
                Begin(test: null);
                break;
            case TestEnded or SuiteEnded:
                ShowHeld();
                break;
        }
    }

    /// <summary>"lifecycle 3 warnings, log_channel 2 warnings and 6 errors": those of the tests that passed since it was last asked; null where none logged any.</summary>
    public string? TakeSummary()
    {
        var logged = _sums.Where(test => _passed.Contains(test.Key)).Select(test => $"{PrintableText.Of(test.Key)} {test.Value}").ToList();
        _sums.Clear();
        _passed.Clear();
        return logged.Count == 0
            ? null
            : string.Join(", ", logged.Take(MostNamed)) + (logged.Count > MostNamed ? $", and {logged.Count - MostNamed} more tests" : "");
    }

    private void Begin(string? test)
    {
        _running = test;
        _held.Clear();
        _notHeld = 0;
        if (test is not null)
        {
            // It is tried again.
            _passed.Remove(test);
            _sums.Remove(test);
        }
    }

    // A message may come after the end of its test.
    private void Take(MessageLogged message)
    {
        if (message.Test is not { } test || (test != _running && !_passed.Contains(test)))
        {
            show(message);
            return;
        }

        _sums[test] = SumOf(test).Plus(message.Level);
        if (test == _running)
        {
            _held.Enqueue(message);
            if (_held.Count > MostHeld)
            {
                _held.Dequeue();
                _notHeld++;
            }
        }
    }

    private Sum SumOf(string test) => _sums.GetValueOrDefault(test, Sum.None);

    private void ShowHeld()
    {
        if (_notHeld > 0)
        {
            show(new MessagesOmitted(_running, _notHeld));
        }

        foreach (var message in _held)
        {
            show(message);
        }

        if (_running is { } test)
        {
            _sums.Remove(test);
        }

        Begin(test: null);
    }

    private sealed record Sum(long Warnings, long Errors, long More)
    {
        public static Sum None { get; } = new(0, 0, 0);

        public Sum Plus(MessageLevel level) => level == MessageLevel.Error ? this with { Errors = Errors + 1 } : this with { Warnings = Warnings + 1 };

        public override string ToString()
        {
            string[] parts = [.. new[] { Count(Warnings, "warning"), Count(Errors, "error"), More > 0 ? $"{Number(More)} more" : null }.OfType<string>()];
            return parts.Length == 1 ? parts[0] : $"{string.Join(", ", parts[..^1])} and {parts[^1]}";
        }

        private static string? Count(long count, string what) => count == 0 ? null : $"{Number(count)} {what}{(count == 1 ? "" : "s")}";

        private static string Number(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);
    }
}
