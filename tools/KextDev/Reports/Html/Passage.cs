using KextDev.Events;

namespace KextDev.Reports.Html;

/// <summary>What was told while one stage or one test was under way. Bounded, however much a guest prints.</summary>
internal sealed class Passage(string name)
{
    private const int MostConsoleLines = 120;
    private const int MostMessages = 60;
    private const int MostNotes = 60;
    private const int MostCrashes = 20;

    private readonly Queue<string> _console = new();
    private readonly Queue<MessageLogged> _messages = new();
    private readonly List<string> _notes = [];
    private readonly List<KernelCrashed> _crashes = [];
    private long _told;

    /// <summary>Of the test; of the stage in words.</summary>
    public string Name => name;

    /// <summary>What the test came to; null while it runs, and of a stage.</summary>
    public TestResult? Result { get; private set; }

    private bool Passed => Result?.Verdict == Verdict.Passed;

    /// <summary>How the stage ended; null while it is under way, and of a test.</summary>
    public StageEnded? Stage { get; set; }

    /// <summary>Warnings and errors of the extension's, those included that nobody was shown.</summary>
    public long MessageCount { get; private set; }

    /// <summary>The last of them.</summary>
    public IReadOnlyCollection<MessageLogged> Messages => _messages;

    /// <summary>The console's last lines.</summary>
    public IReadOnlyCollection<string> Console => _console;

    /// <summary>How many lines the console had before those.</summary>
    public long EarlierConsoleLines => _told - _console.Count;

    public IReadOnlyList<string> Notes => _notes;

    public IReadOnlyList<KernelCrashed> Crashes => _crashes;

    public void Receive(RunEvent told)
    {
        switch (told)
        {
            case ConsolePrinted console:
                _told++;
                Keep(_console, console.Line, MostConsoleLines);
                break;
            case MessageLogged message:
                MessageCount++;
                Keep(_messages, message, Passed ? 0 : MostMessages);
                break;
            case MessagesOmitted omitted:
                MessageCount += omitted.Count;
                break;
            case NoteGiven note when _notes.Count < MostNotes:
                _notes.Add(note.Sentence);
                break;
            case KernelCrashed crash when _crashes.Count < MostCrashes:
                _crashes.Add(crash);
                break;
        }
    }

    /// <summary>The test has ended. Of one that passed nothing needs to be explained.</summary>
    public void End(TestResult result)
    {
        Result = result;
        if (Passed)
        {
            _console.Clear();
            _messages.Clear();
        }
    }

    private static void Keep<T>(Queue<T> queue, T item, int most)
    {
        queue.Enqueue(item);
        if (queue.Count > most)
        {
            queue.Dequeue();
        }
    }
}
